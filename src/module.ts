import type { Problem } from './base/errors.ts';
import type { FactReferences, OptionTable, OptionValues, PartialValues } from './options/option.ts';
import type { Outcome, Run } from './run.ts';

/** A module: its name, its options and its run function. */
export interface Module<Name extends string = string, T extends OptionTable = OptionTable> {
  readonly name: Name;
  readonly options: T;
  /** Makes empty standard input an error. By default, empty input means a call without options. */
  readonly refusesEmptyInput?: true;
  /**
   * Checks the rules between options, and returns the problems. Some of the values may be invalid.
   */
  rules?(partial: PartialValues<T>): Problem[];
  /**
   * Returns problems with the credentials in the options and the environment. Not called for
   * `--validate`, which needs no credentials.
   */
  credentialProblems?(partial: PartialValues<T>): Problem[];
  /** Loads the code that expands references to facts. Called only with `expand_facts`. */
  loadReferenceCollector?(): Promise<FactReferences>;
  /**
   * Runs the module. `expand` reads the facts that the options refer to, and returns the expanded
   * values. Call `expand` only after this host has registered, because facts may change until then.
   */
  run(values: OptionValues<T>, run: Run, expand: () => Promise<OptionValues<T>>): Promise<Outcome>;
}

/** Returns the given module, with its types inferred. */
export function defineModule<const Name extends string, T extends OptionTable>(
  module: Module<Name, T>,
): Module<Name, T> {
  return module;
}
