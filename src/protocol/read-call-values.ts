import { InvalidArguments, type Problem } from '../base/errors.ts';
import type { Module } from '../module.ts';
import { coerceBoolean } from '../options/coercions.ts';
import { NameLookup } from '../options/names.ts';
import type { OptionTable, OptionValues } from '../options/option.ts';
import {
  moduleArgs,
  type ParsedOptions,
  readOptions,
  readValues,
} from '../options/read-options.ts';
import type { Reporter } from '../run.ts';

/**
 * What is known about a call once its options have been read. The result of the call uses these
 * fields even if the call fails.
 */
export interface OptionsOfCall {
  /** Returns the result's `invocation.module_args`. */
  getModuleArgs: (() => Record<string, unknown>) | undefined;
  /** The lookup that the option `names` gives; undefined if the option is not given. */
  names: NameLookup | undefined;
}

/** The context for reading options. */
export interface CallEnvironment {
  /** True for `--validate`: credentials may be missing. */
  readonly isValidation: boolean;
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

/** The options of a call, as given. */
export interface GivenOptions {
  readonly rawOptions: ReadonlyMap<string, unknown>;
  /** The problems of Ansible's `_ansible_*` keys. */
  readonly problems: readonly Problem[];
}

/** The values of a call's options. */
export interface CallValues<T extends OptionTable> {
  /** The values before references to facts are expanded. */
  readonly values: OptionValues<T>;
  /**
   * Returns the values of all options. If `expand_facts` is true, reads the facts, and then reads
   * a second time the options that may refer to them.
   * @throws FactUnavailable
   * @throws InvalidArguments with all problems of the expanded options
   */
  readonly expand: () => Promise<OptionValues<T>>;
}

/**
 * Reads the values of a call's options. The facts for them are read later, by `expand`.
 * @throws InvalidArguments with all problems of the options
 */
export async function readCallValues<T extends OptionTable>(
  module: Module<string, T>,
  { rawOptions, problems }: GivenOptions,
  call: OptionsOfCall,
  { isValidation, signal, report }: CallEnvironment,
): Promise<CallValues<T>> {
  const expandsFacts = coerceBoolean(rawOptions.get('expand_facts')) === true;
  const references = expandsFacts ? await module.loadReferenceCollector?.() : undefined;
  const first = await readOptions(module.name, module.options, rawOptions, references);
  const { names } = first.partial;
  if (names instanceof NameLookup) call.names = names;
  // Called at the end of the run, because `module_args` shows only the names that the call has
  // looked up, and `expand` may look up more.
  call.getModuleArgs = () => moduleArgs(module.options, first.partial);
  const credentials = isValidation ? [] : (module.credentialProblems?.(first.partial) ?? []);
  const values = requireValidOptions(module, first, problems, credentials);
  const expand = async () => {
    if (references === undefined) return values;
    const expansion = await references.resolveFacts(signal, (facts) => report.setFacts(facts));
    const table = expandableOptions(module.options);
    const second = await readValues(table, { names: call.names, rawOptions, expansion });
    return requireValidOptions(module, {
      problems: second.problems,
      partial: { ...first.partial, ...second.partial },
      ...(second.values && { values: { ...values, ...second.values } }),
    });
  };
  return { values, expand };
}

function expandableOptions(table: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(table).filter(([, option]) => option.isExpandable));
}

function requireValidOptions<T extends OptionTable>(
  module: Module<string, T>,
  { problems, partial, values }: ParsedOptions<T>,
  before: readonly Problem[] = [],
  after: readonly Problem[] = [],
): OptionValues<T> {
  const all = [...before, ...problems, ...(module.rules?.(partial) ?? []), ...after];
  if (all.length > 0 || values === undefined) throw new InvalidArguments(all);
  return values;
}
