import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectDirectory } from './project-directory.ts';
import { requiredNode } from './required-node.ts';

/** An option or a return value, with Ansible's keys. */
export interface DocumentedValue {
  readonly description: readonly string[];
  readonly type: string;
  readonly elements?: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly choices?: readonly unknown[];
  readonly returned?: string;
  readonly sample?: unknown;
  readonly suboptions?: Readonly<Record<string, DocumentedValue>>;
  readonly contains?: Readonly<Record<string, DocumentedValue>>;
}

/** The contents of the file beside a module that `ansible-doc` reads. */
export interface ModuleDocumentation {
  readonly DOCUMENTATION: {
    readonly module: string;
    readonly short_description: string;
    readonly version_added: string;
    readonly description: readonly string[];
    readonly options: Readonly<Record<string, DocumentedValue>>;
    readonly requirements: readonly string[];
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly notes: readonly string[];
    readonly seealso: readonly unknown[];
  };
  readonly EXAMPLES: string;
  readonly RETURN: Readonly<Record<string, DocumentedValue>>;
}

/** The contents of `modules/connection.yml`, which every module shares. */
export type SharedDocumentation = Pick<ModuleDocumentation, 'RETURN'> & {
  readonly DOCUMENTATION: Pick<
    ModuleDocumentation['DOCUMENTATION'],
    'options' | 'attributes' | 'notes' | 'seealso'
  >;
};

/** Reads YAML 1.1, as Ansible does: an unquoted `no` is false. */
async function readYaml<Shape>(name: string): Promise<Shape> {
  const text = await readFile(join(projectDirectory, 'modules', `${name}.yml`), 'utf8');
  return parse(text, { version: '1.1' });
}

/** Reads the documentation that modules share. */
export function readSharedDocumentation(): Promise<SharedDocumentation> {
  return readYaml('connection');
}

/** Reads a module's documentation, followed by the shared documentation. */
export async function readDocumentation(name: string): Promise<ModuleDocumentation> {
  const own = await readYaml<ModuleFile>(name);
  const { shares, ...documentation } = own.DOCUMENTATION;
  if (documentation.module !== name) {
    throw new Error(
      `modules/${name}.yml documents ${documentation.module}; its module must be ${name}.`,
    );
  }
  const shared = await readSharedDocumentation();
  const admin = await readYaml<AdminDocumentation>('admin');
  const { notes, seealso } = (shares === undefined ? shared : admin).DOCUMENTATION;
  return {
    DOCUMENTATION: {
      ...documentation,
      options: {
        ...(await withSuboptions(documentation.options)),
        ...(shares !== undefined && admin.DOCUMENTATION.options),
        ...pick(shares?.options, shared.DOCUMENTATION.options),
      },
      requirements: [
        `Node.js ${requiredNode} or later where the module runs`,
        ...(documentation.requirements ?? []),
      ],
      attributes: { ...shared.DOCUMENTATION.attributes, ...documentation.attributes },
      notes: [...(documentation.notes ?? []), ...notes],
      seealso: [...(documentation.seealso ?? []), ...seealso],
    },
    EXAMPLES: own.EXAMPLES,
    RETURN: withOwnContents(own.RETURN, pick(shares?.returns, shared.RETURN)),
  };
}

/**
 * A module's file. A module of the control node lists in `shares` the parts of `connection.yml` that
 * apply to it, and shares `admin.yml`. Every other module shares all of `connection.yml`.
 */
type ModuleFile = Omit<ModuleDocumentation, 'DOCUMENTATION'> & {
  readonly DOCUMENTATION: ModuleDocumentation['DOCUMENTATION'] & {
    readonly shares?: { readonly options: readonly string[]; readonly returns: readonly string[] };
  };
};

/** The contents of `modules/admin.yml`, which the modules of the control node share. */
type AdminDocumentation = {
  readonly DOCUMENTATION: Pick<
    ModuleDocumentation['DOCUMENTATION'],
    'options' | 'notes' | 'seealso'
  >;
};

function pick<T>(names: readonly string[] | undefined, of: Readonly<Record<string, T>>) {
  return names === undefined
    ? of
    : Object.fromEntries(Object.entries(of).filter(([name]) => names.includes(name)));
}

/** Adds a module's own contents of a shared return value to the shared contents. */
function withOwnContents(
  own: ModuleDocumentation['RETURN'],
  shared: ModuleDocumentation['RETURN'],
): ModuleDocumentation['RETURN'] {
  const both = Object.entries(shared).map(([name, value]) => {
    const contains = { ...value.contains, ...own[name]?.contains };
    return [name, Object.keys(contains).length > 0 ? { ...value, contains } : value] as const;
  });
  return { ...own, ...Object.fromEntries(both) };
}

/** An option that borrows its suboptions from another module, or from an option of one. */
type Borrowing = DocumentedValue & { readonly suboptions_from?: string };

/** Fills in suboptions that another module documents: `module`, or `module.option`. */
async function withSuboptions(
  options: Readonly<Record<string, Borrowing>>,
): Promise<Record<string, DocumentedValue>> {
  const filled = Object.entries(options).map(async ([name, { suboptions_from, ...option }]) => {
    if (suboptions_from === undefined) return [name, option] as const;
    const [module = '', of] = suboptions_from.split('.');
    const lender = await readYaml<ModuleDocumentation>(module);
    const lent = lender.DOCUMENTATION.options;
    const suboptions = of === undefined ? lent : lent[of]?.suboptions;
    if (suboptions === undefined) {
      throw new Error(`modules/${module}.yml has no suboptions of ${of} to lend to ${name}.`);
    }
    // An option that stands at the borrower's top is not lent again.
    const own = Object.entries(suboptions).filter(([suboption]) => !(suboption in options));
    return [name, { ...option, suboptions: withoutState(Object.fromEntries(own)) }] as const;
  });
  return Object.fromEntries(await Promise.all(filled));
}

/** Removes sentences about `state`, an option that only the lending module has. */
function withoutState(
  lent: Readonly<Record<string, DocumentedValue>>,
): Record<string, DocumentedValue> {
  const kept = Object.entries(lent).map(([name, option]) => {
    const description = option.description.filter((line) => !line.includes('I(state='));
    return [name, { ...option, description }] as const;
  });
  return Object.fromEntries(kept);
}

/** Returns the text of the file beside the module. */
export function documentationFile(documentation: ModuleDocumentation): string {
  return stringify(documentation, { version: '1.1', lineWidth: 100, aliasDuplicateObjects: false });
}
