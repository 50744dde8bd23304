import type { PartialValue } from './invalid-value.ts';
import type { NameLookup } from './names.ts';

/** Ansible's names of option types. */
export type AnsibleType = 'str' | 'bool' | 'int' | 'float' | 'path' | 'list' | 'dict' | 'raw';

/** One option of a module: its documentation, and how to read its value. */
export interface Option<T> {
  readonly type: AnsibleType;
  /** The type of a list's items; `raw` when several are accepted. */
  readonly elements?: 'str' | 'raw';
  readonly choices?: readonly string[];
  readonly required?: true;
  readonly default?: unknown;
  /** Marks a value that may contain credentials. It is masked in every output. */
  readonly secret?: true;
  /** Marks an option in whose value references to facts are expanded. */
  readonly isExpandable?: true;
  /** The options inside a mapping. */
  readonly suboptions?: OptionTable;
  /**
   * Reads the option's value from any JSON value.
   * @throws InvalidValue with all its issues
   */
  readonly read: (value: unknown, context: ReadContext) => T | Promise<T>;
}

/** The rest of the call, on which the value of an option may depend. */
export interface ReadContext {
  /** The names that this call may use instead of ids. */
  readonly names: NameLookup | undefined;
  /** All options of the same mapping, not read yet. */
  readonly rawOptions: ReadonlyMap<string, unknown>;
  /** Expands references to facts; undefined unless the call asks for it. */
  readonly expansion: TextExpansion | undefined;
}

/** Expands references to facts in the texts of options, such as `{hostname}`. */
export interface TextExpansion {
  /** Returns whether a text has references whose facts have not been read yet. */
  isPending(text: string): boolean;
  /**
   * Returns a text with its references replaced, as far as their facts have been read. `whyNotEmpty`
   * is the reason, as a phrase, why the text must not expand to nothing.
   * @throws InvalidValue for a fact that does not exist
   */
  expand(text: string, whyNotEmpty?: string): string;
}

/** The facts that a call uses, by name: its value, or all defaults in use. */
export type UsedFacts = Readonly<Record<string, string | readonly string[]>>;

/** The references to facts in a call's options, collected at the first reading of the options. */
export interface FactReferences extends TextExpansion {
  /**
   * Reads the facts and reports those that are used. Returns the expansion for a second reading of the
   * options.
   * @throws FactUnavailable that lists every fact without a value and without a default
   */
  resolve(signal: AbortSignal, report: (facts: UsedFacts) => void): Promise<TextExpansion>;
}

/** The options of a module by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The valid values of a table of options. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/**
 * The values of a call, some of which may be invalid. Undefined may also mean a missing required
 * option.
 */
export type PartialValues<T extends OptionTable> = {
  readonly [K in keyof T]: PartialValue<OptionValues<T>[K]> | undefined;
};

/** Makes an option required. */
export function required<T>(option: Option<T | undefined>): Option<T> {
  return { ...option, required: true } as Option<T>;
}

/** Gives an option a default value. */
export function withDefault<T>(option: Option<T | undefined>, value: NoInfer<T>): Option<T> {
  return { ...option, default: value } as Option<T>;
}
