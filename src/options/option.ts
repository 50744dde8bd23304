import type { Readable } from './invalid-value.ts';
import type { NameLookup } from './names.ts';

/** The type of an option, by Ansible's names. */
export type AnsibleType = 'str' | 'bool' | 'float' | 'path' | 'list' | 'dict' | 'raw';

/** One option of a module: how it is documented, and how a value for it is read. */
export interface Option<T> {
  readonly type: AnsibleType;
  /** The type of a list's items; `raw` when several are accepted. */
  readonly elements?: 'str' | 'raw';
  readonly choices?: readonly string[];
  readonly required?: true;
  readonly default?: unknown;
  /** Its value may hold credentials, and is masked wherever it is shown. */
  readonly secret?: true;
  /** Whether references to facts in its value are expanded. */
  readonly isExpandable?: true;
  /** The options of a mapping that has options of its own. */
  readonly suboptions?: OptionTable;
  /**
   * Reads any JSON value as the option's.
   * @throws InvalidValue with a sentence for each thing that is wrong with it
   */
  readonly read: (value: unknown, call: ReadContext) => T | Promise<T>;
}

/** What the reading of a value may depend on. */
export interface ReadContext {
  /** The names that stand for ids in this call. */
  readonly names: NameLookup | undefined;
  /** The values beside it, as given. */
  readonly given: ReadonlyMap<string, unknown>;
  /** Expands references to facts; undefined unless the call asks for it. */
  readonly expansion: TextExpansion | undefined;
}

/** Expands references to facts in the texts of options, `{hostname}`. */
export interface TextExpansion {
  /** Returns whether a text has references whose facts have not been read yet. */
  isPending(text: string): boolean;
  /**
   * Returns a text with its references replaced, as far as their facts have been read. `whyNotEmpty` says
   * why the text must not expand to nothing, as a phrase for the failure.
   * @throws InvalidValue for a fact that does not exist
   */
  expand(text: string, whyNotEmpty?: string): string;
}

/** The references to facts in a call's options, collected at the first reading of the options. */
export interface FactReferences extends TextExpansion {
  /**
   * Reads the facts, reports those that are used, and returns what replaces the references at a second
   * reading of the options.
   * @throws FactUnavailable that lists every fact without a value and without a default
   */
  resolve(
    signal: AbortSignal,
    report: (facts: Readonly<Record<string, string>>) => void,
  ): Promise<TextExpansion>;
}

/** The options of a module by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What a module gets to work with for a table of options. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never;
};

/** The same as far as the call can be read: undefined may also be a required option that is missing. */
export type ReadableValues<T extends OptionTable> = {
  readonly [K in keyof T]: Readable<OptionValues<T>[K]> | undefined;
};

/** An option that has to be given. */
export function required<T>(option: Option<T | undefined>): Option<T> {
  return { ...option, required: true } as Option<T>;
}

/** An option with a value of its own when it is not given. */
export function withDefault<T>(option: Option<T | undefined>, value: NoInfer<T>): Option<T> {
  return { ...option, default: value } as Option<T>;
}
