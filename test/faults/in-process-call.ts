import type { Problem } from '../../src/errors.ts';
import { InvalidArguments } from '../../src/errors.ts';
import type { OptionTable, OptionValues } from '../../src/options/option.ts';
import { moduleArgs, readOptions } from '../../src/options/read-options.ts';
import { type CommandLine, readCommandLine } from '../../src/protocol/command-line.ts';
import { takeControls } from '../../src/protocol/controls.ts';
import { readInput } from '../../src/protocol/read-input.ts';
import { failed, serialize, succeeded } from '../../src/protocol/result.ts';
import type { Module } from '../../src/protocol/run-module.ts';
import { reconcile } from '../../src/reconcile.ts';
import {
  association,
  associationOptions,
  associationRules,
} from '../../src/resources/association.ts';
import { edgesRules } from '../../src/resources/edges-options.ts';
import { groupMembership, groupMembershipOptions } from '../../src/resources/group-membership.ts';
import { removal } from '../../src/resources/removal.ts';
import { removalOptions, removalRules } from '../../src/resources/removal-options.ts';
import { system } from '../../src/resources/system.ts';
import { systemInfo, systemInfoOptions } from '../../src/resources/system-info.ts';
import { systemOptions, systemRules } from '../../src/resources/system-options.ts';
import {
  userBinding,
  userBindingOptions,
  userBindingRules,
} from '../../src/resources/user-binding.ts';
import type { Outcome, Run } from '../../src/run.ts';
import type { ModuleName } from '../executable.ts';

/** A module that takes anything: the words of a call in, the text that goes to stdout out. */
interface Callable {
  readonly options: OptionTable;
  readonly call: (words: string[], tame: Tame) => Promise<string>;
}

/** Makes options that were found valid harmless, before the module runs with them. */
export type Tame = (values: Record<string, unknown>) => void;

function callable<T extends OptionTable>(module: Omit<Module<T>, 'help'>): Callable {
  const read = async (commandLine: CommandLine, run: Run, seen: { args?: unknown }) => {
    const source = commandLine.source ?? { from: 'text', text: '{}' };
    const given = await readInput(source, run.signal);
    const { problems, ...controls } = takeControls(given, commandLine);
    seen.args = moduleArgs(module.options, Object.fromEntries(given));
    const understood = readOptions(module.name, module.options, given);
    if ('problems' in understood) throw new InvalidArguments([...problems, ...understood.problems]);
    const values = understood.values as OptionValues<T>;
    const against: Problem[] = [...problems, ...(module.rules?.(values) ?? [])];
    if (against.length > 0) throw new InvalidArguments(against);
    seen.args = moduleArgs(module.options, values);
    return { values, controls };
  };
  const call = async (words: string[], tame: Tame) => {
    const seen: { args?: unknown } = {};
    const run = newRun(module.name);
    const result = await (async () => {
      const { values, controls } = await read(readCommandLine(words), run, seen);
      tame(values as Record<string, unknown>);
      const outcome: Outcome = await module.run(values, { ...run, check: controls.check });
      return succeeded(outcome, controls.diff);
    })().catch((error) => failed(error, run.soFar, 3));
    const whole = { ...result, warnings: run.warnings, invocation: { module_args: seen.args } };
    return serialize(whole, run.secrets, false);
  };
  return { options: module.options, call };
}

function newRun(module: string): Run {
  return {
    module,
    check: false,
    signal: new AbortController().signal,
    warnings: [],
    secrets: new Set(),
    systemId: undefined,
    soFar: {},
    api: undefined,
    waiting: () => () => {},
  };
}

/** The modules without their programs: the same code reads the call, runs it and writes the answer. */
export const CALLABLES: Readonly<Record<ModuleName, Callable>> = {
  jumpcloud_system: callable({
    name: 'jumpcloud_system',
    options: systemOptions,
    rules: systemRules,
    run: (options, run) => reconcile(system, options, run),
  }),
  jumpcloud_group_membership: callable({
    name: 'jumpcloud_group_membership',
    options: groupMembershipOptions,
    rules: edgesRules,
    run: (options, run) => reconcile(groupMembership, options, run),
  }),
  jumpcloud_user_binding: callable({
    name: 'jumpcloud_user_binding',
    options: userBindingOptions,
    rules: userBindingRules,
    run: (options, run) => reconcile(userBinding, options, run),
  }),
  jumpcloud_association: callable({
    name: 'jumpcloud_association',
    options: associationOptions,
    rules: associationRules,
    run: (options, run) => reconcile(association, options, run),
  }),
  jumpcloud_removal: callable({
    name: 'jumpcloud_removal',
    options: removalOptions,
    rules: removalRules,
    run: removal,
  }),
  jumpcloud_system_info: callable({
    name: 'jumpcloud_system_info',
    options: systemInfoOptions,
    run: systemInfo,
  }),
};
