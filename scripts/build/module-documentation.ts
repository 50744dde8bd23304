import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectDirectory } from './project-directory.ts';
import { requiredNode } from './required-node.ts';

/** The documentation of an option or a return value, with Ansible's keys. */
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

/** The contents of a module's documentation file, which `ansible-doc` reads. */
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

/** Reads a file in modules/ as YAML 1.1, as Ansible does. An unquoted `no` is false. */
async function readYaml<Shape>(name: string): Promise<Shape> {
  const text = await readFile(join(projectDirectory, 'modules', `${name}.yml`), 'utf8');
  return parse(text, { version: '1.1' });
}

/** Reads the documentation that modules share. */
export function readSharedDocumentation(): Promise<SharedDocumentation> {
  return readYaml('connection');
}

/** Reads a module's documentation, and adds the shared documentation. */
export async function readDocumentation(name: string): Promise<ModuleDocumentation> {
  const file = await readYaml<ModuleFile>(name);
  const { shares, ...documentation } = file.DOCUMENTATION;
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
        ...(await resolveSuboptions(documentation.options)),
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
    EXAMPLES: file.EXAMPLES,
    RETURN: mergeReturnValues(file.RETURN, pick(shares?.returns, shared.RETURN)),
  };
}

/**
 * The contents of `modules/<name>.yml`. The documentation of a module on the control node includes
 * `admin.yml`, and the parts of `connection.yml` that its field `shares` lists. That of every other
 * module includes all of `connection.yml`.
 */
type ModuleFile = Omit<ModuleDocumentation, 'DOCUMENTATION'> & {
  readonly DOCUMENTATION: ModuleDocumentation['DOCUMENTATION'] & {
    readonly shares?: { readonly options: readonly string[]; readonly returns: readonly string[] };
  };
};

/** The contents of `modules/admin.yml`, which the modules that run on the control node share. */
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

/**
 * Merges a module's return values with the shared ones. If both define a value, their nested values
 * are merged.
 */
function mergeReturnValues(
  own: ModuleDocumentation['RETURN'],
  shared: ModuleDocumentation['RETURN'],
): ModuleDocumentation['RETURN'] {
  const both = Object.entries(shared).map(([name, value]) => {
    const contains = { ...value.contains, ...own[name]?.contains };
    return [name, Object.keys(contains).length > 0 ? { ...value, contains } : value] as const;
  });
  return { ...own, ...Object.fromEntries(both) };
}

/**
 * An option whose suboptions are documented in another module's file. `suboptions_from` names that
 * module, or one of its options as `module.option`.
 */
type OptionWithReference = DocumentedValue & { readonly suboptions_from?: string };

/** Replaces each `suboptions_from` with the suboptions to which it refers. */
async function resolveSuboptions(
  options: Readonly<Record<string, OptionWithReference>>,
): Promise<Record<string, DocumentedValue>> {
  const filled = Object.entries(options).map(async ([name, { suboptions_from, ...option }]) => {
    if (suboptions_from === undefined) return [name, option] as const;
    const [module = '', sourceOption] = suboptions_from.split('.');
    const source = await readYaml<ModuleDocumentation>(module);
    const sourceOptions = source.DOCUMENTATION.options;
    const suboptions =
      sourceOption === undefined ? sourceOptions : sourceOptions[sourceOption]?.suboptions;
    if (suboptions === undefined) {
      throw new Error(
        `Option ${name}: modules/${module}.yml documents no suboptions of ${sourceOption}.`,
      );
    }
    // Omits each suboption whose name is already an option of this module.
    const remaining = Object.entries(suboptions).filter(([suboption]) => !(suboption in options));
    return [
      name,
      { ...option, suboptions: removeStateSentences(Object.fromEntries(remaining)) },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(filled));
}

/**
 * Removes sentences about `state` from copied options. Only the module that originally documents
 * them has the option `state`.
 */
function removeStateSentences(
  options: Readonly<Record<string, DocumentedValue>>,
): Record<string, DocumentedValue> {
  const kept = Object.entries(options).map(([name, option]) => {
    const description = option.description.filter((line) => !line.includes('I(state='));
    return [name, { ...option, description }] as const;
  });
  return Object.fromEntries(kept);
}

/** Returns the text of the documentation file beside an executable. */
export function renderDocumentation(documentation: ModuleDocumentation): string {
  return stringify(documentation, { version: '1.1', lineWidth: 100, aliasDuplicateObjects: false });
}
