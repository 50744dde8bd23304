import type { MaybeInvalid } from './invalid-value.ts';
import type { NameLookup } from './names.ts';

/** Ansible's names of option types. */
export type AnsibleType = 'str' | 'bool' | 'int' | 'float' | 'path' | 'list' | 'dict' | 'raw';

/** One option of a module, with the function that reads its value. */
export interface Option<T> {
  readonly type: AnsibleType;
  /** The type of a list's items; `raw` for several types. */
  readonly elements?: 'str' | 'raw';
  readonly choices?: readonly string[];
  readonly required?: true;
  readonly default?: unknown;
  /** Marks an option whose value may contain credentials. Every output masks them. */
  readonly secret?: true;
  /** Marks an option whose value may contain references to facts. */
  readonly isExpandable?: true;
  /** The options inside a mapping. */
  readonly suboptions?: OptionTable;
  /**
   * Reads the option's value from any JSON value.
   * @throws InvalidValue with all its issues
   */
  readonly read: (value: unknown, context: ReadContext) => T | Promise<T>;
}

/** The parts of a call that the value of an option may depend on. */
export interface ReadContext {
  /** The names that this call may use instead of ids. */
  readonly names: NameLookup | undefined;
  /** The raw options of the module or, within a section, of that section. */
  readonly rawOptions: ReadonlyMap<string, unknown>;
  /** Expands references to facts; undefined without `expand_facts`. */
  readonly expansion: TextExpansion | undefined;
}

/** Expands references to facts, such as `{hostname}`, in the texts of options. */
export interface TextExpansion {
  /** Returns whether a text has references whose facts have not been read yet. */
  hasUnreadFacts(text: string): boolean;
  /**
   * Replaces the references whose facts have been read. `whyNotEmpty` is a phrase that says why the
   * expanded text must not be empty; undefined if it may be empty.
   * @throws InvalidValue for a fact whose name is unknown
   */
  expand(text: string, whyNotEmpty?: string): string;
}

/**
 * The facts that a call uses, by name. An unavailable fact has several values if its references
 * have different defaults.
 */
export type UsedFacts = Readonly<Record<string, string | readonly string[]>>;

/** Collects the references to facts during the first reading of the options. */
export interface FactReferences extends TextExpansion {
  /**
   * Reads the facts, and reports the facts in use. Returns the expansion for the second reading of
   * the options.
   * @throws FactUnavailable that lists every fact without a value and without a default
   */
  resolveFacts(signal: AbortSignal, report: (facts: UsedFacts) => void): Promise<TextExpansion>;
}

/** The options of a module by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The valid values of a table of options. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** The values of a call, of which some may be invalid. A missing required option is undefined. */
export type PartialValues<T extends OptionTable> = {
  readonly [K in keyof T]: MaybeInvalid<OptionValues<T>[K]> | undefined;
};

/** Makes an option required. */
export function required<T>(option: Option<T | undefined>): Option<T> {
  return { ...option, required: true } as Option<T>;
}

/** Gives an option a default value. */
export function withDefault<T>(option: Option<T | undefined>, value: NoInfer<T>): Option<T> {
  return { ...option, default: value } as Option<T>;
}
