import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectFolder } from './project-folder.ts';
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

/** What `ansible-doc` reads from the file beside a module. */
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

/** What `modules/connection.yml` says for every module. */
export type SharedDocumentation = Pick<ModuleDocumentation, 'RETURN'> & {
  readonly DOCUMENTATION: Pick<
    ModuleDocumentation['DOCUMENTATION'],
    'options' | 'attributes' | 'notes' | 'seealso'
  >;
};

/** YAML 1.1 is what Ansible reads: an unquoted `no` is false there. */
async function readYaml<Shape>(name: string): Promise<Shape> {
  const text = await readFile(join(projectFolder, 'modules', `${name}.yml`), 'utf8');
  return parse(text, { version: '1.1' });
}

/** The options and return values that every module has. */
export function readSharedDocumentation(): Promise<SharedDocumentation> {
  return readYaml('connection');
}

/** A module's own documentation, followed by what every module shares. */
export async function readDocumentation(name: string): Promise<ModuleDocumentation> {
  const own = await readYaml<ModuleDocumentation>(name);
  const shared = await readSharedDocumentation();
  const described = own.DOCUMENTATION;
  if (described.module !== name) {
    throw new Error(
      `modules/${name}.yml documents ${described.module}; its module must be ${name}.`,
    );
  }
  return {
    DOCUMENTATION: {
      ...described,
      options: { ...(await withSuboptions(described.options)), ...shared.DOCUMENTATION.options },
      requirements: [
        `Node.js ${requiredNode} or later on the managed host`,
        ...(described.requirements ?? []),
      ],
      attributes: { ...shared.DOCUMENTATION.attributes, ...described.attributes },
      notes: [...(described.notes ?? []), ...shared.DOCUMENTATION.notes],
      seealso: [...(described.seealso ?? []), ...shared.DOCUMENTATION.seealso],
    },
    EXAMPLES: own.EXAMPLES,
    RETURN: { ...own.RETURN, ...shared.RETURN },
  };
}

/** An option that has the options of another module, or of one of its options, in `suboptions_from`. */
type Borrowing = DocumentedValue & { readonly suboptions_from?: string };

/** Fills in what is documented with another module: `module`, or `module.option`. */
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
    return [name, { ...option, suboptions }] as const;
  });
  return Object.fromEntries(await Promise.all(filled));
}

/** The file that goes beside the module. */
export function documentationFile(documentation: ModuleDocumentation): string {
  return stringify(documentation, { version: '1.1', lineWidth: 100, aliasDuplicateObjects: false });
}
