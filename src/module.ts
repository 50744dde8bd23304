import type { Problem } from './base/errors.ts';
import type {
  FactReferences,
  OptionTable,
  OptionValues,
  ReadableValues,
} from './options/option.ts';
import type { Outcome, Run } from './run.ts';

/** One module: its name, its options, and what it does with them. */
export interface Module<Name extends string = string, T extends OptionTable = OptionTable> {
  readonly name: Name;
  readonly options: T;
  /** Whether standard input without a word on it is an error, instead of a call without options. */
  readonly refusesEmptyInput?: true;
  /** Returns what options must not say together, as far as they can be read. */
  rules?(readable: ReadableValues<T>): Problem[];
  /** Loads what expands references to facts, for a call with `expand_facts`. */
  loadReferences?(): Promise<FactReferences>;
  run(values: OptionValues<T>, run: Run): Promise<Outcome>;
}

/** Makes a module; nothing happens before it is called. */
export function defineModule<const Name extends string, T extends OptionTable>(
  module: Module<Name, T>,
): Module<Name, T> {
  return module;
}
