import type { Problem } from './base/errors.ts';
import type { FactReferences, OptionTable, OptionValues, PartialValues } from './options/option.ts';
import type { Outcome, Run } from './run.ts';

/** A module: its name, its options and its run function. */
export interface Module<Name extends string = string, T extends OptionTable = OptionTable> {
  readonly name: Name;
  readonly options: T;
  /** If set, empty standard input is an error instead of a call without options. */
  readonly refusesEmptyInput?: true;
  /** Returns the problems of options that do not fit together. Some values may be invalid. */
  rules?(partial: PartialValues<T>): Problem[];
  /**
   * Returns the problems of credentials, in options and the environment. Only a call that sends
   * requests needs them, so that options can be checked where there are no credentials.
   */
  credentialProblems?(partial: PartialValues<T>): Problem[];
  /** Loads the code that expands references to facts, for a call with `expand_facts`. */
  loadReferences?(): Promise<FactReferences>;
  /**
   * Manages what the values ask for. `expand` reads the facts that they refer to, and returns the values
   * with these. A module with `loadReferences` calls it once this host is registered, because facts may
   * change until then.
   */
  run(values: OptionValues<T>, run: Run, expand: () => Promise<OptionValues<T>>): Promise<Outcome>;
}

/** Returns the module with its types inferred. Has no side effects. */
export function defineModule<const Name extends string, T extends OptionTable>(
  module: Module<Name, T>,
): Module<Name, T> {
  return module;
}
