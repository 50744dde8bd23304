import { InvalidArguments } from '../../../src/errors.ts';
import type { OptionTable, OptionValues } from '../../../src/options/option.ts';
import { readOptions } from '../../../src/options/read-options.ts';
import { failed, succeeded } from '../../../src/protocol/result.ts';
import type { Module } from '../../../src/protocol/run-module.ts';
import { reconcile } from '../../../src/reconcile.ts';
import {
  association,
  associationOptions,
  associationRules,
} from '../../../src/resources/association.ts';
import { edgesRules } from '../../../src/resources/edges-options.ts';
import {
  groupMembership,
  groupMembershipOptions,
} from '../../../src/resources/group-membership.ts';
import { system } from '../../../src/resources/system.ts';
import { systemInfo, systemInfoOptions } from '../../../src/resources/system-info.ts';
import { systemOptions, systemRules } from '../../../src/resources/system-options.ts';
import {
  userBinding,
  userBindingOptions,
  userBindingRules,
} from '../../../src/resources/user-binding.ts';
import type { Outcome, Run } from '../../../src/run.ts';
import type { Answer, ModuleName } from '../../executable.ts';

type Call = (given: Map<string, unknown>, run: Run) => Promise<Outcome>;

/** A module without its program: options as JSON in, outcome out. */
function callable<T extends OptionTable>(module: Omit<Module<T>, 'help'>): Call {
  return (given, run) => {
    const read = readOptions(module.name, module.options, given);
    if ('problems' in read) throw new InvalidArguments(read.problems);
    const problems: ReturnType<NonNullable<Module<T>['rules']>> =
      module.rules?.(read.values as OptionValues<T>) ?? [];
    if (problems.length > 0) throw new InvalidArguments(problems);
    return module.run(read.values, run);
  };
}

/** Those that change no file of this host. */
type InProcess = Exclude<ModuleName, 'jumpcloud_removal'>;

const MODULES: Readonly<Record<InProcess, Call>> = {
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
  jumpcloud_system: callable({
    name: 'jumpcloud_system',
    options: systemOptions,
    rules: systemRules,
    run: (options, run) => reconcile(system, options, run),
  }),
  jumpcloud_system_info: callable({
    name: 'jumpcloud_system_info',
    options: systemInfoOptions,
    run: systemInfo,
  }),
};

/** Runs a module as its executable does, with a diff, but in this process. */
export async function runInProcess(
  name: InProcess,
  options: Record<string, unknown>,
  check: boolean,
): Promise<Answer> {
  const run: Run = {
    module: name,
    check,
    signal: new AbortController().signal,
    warnings: [],
    secrets: new Set(),
    systemId: undefined,
    soFar: {},
    api: undefined,
    waiting: () => () => {},
  };
  const result = await (async () => {
    // What has no JSON form (undefined) does not reach an executable either.
    const given = new Map<string, unknown>(Object.entries(JSON.parse(JSON.stringify(options))));
    return succeeded(await MODULES[name](given, run), true);
  })().catch((error) => failed(error, run.soFar, 0));
  return { ...result, warnings: run.warnings, system_id: run.systemId } as unknown as Answer;
}
