import { HOST_MODULES, type ModuleName } from '../../src/modules.ts';
import type { ObjectType } from '../emulator/types.ts';

/** The options of a call, without those that select agent and JumpCloud. */
export type Options = Readonly<Record<string, unknown>>;

/** Returns the id of an object of a type: a new object of an emulator, or any id. */
export type IdOf = (type: ObjectType) => string;

/** The calls of one module in tests of all modules. */
export interface SampleCalls {
  /** The minimal valid options. */
  readonly good: Options;
  /** Options that change a newly enrolled host. Undefined for a module that only reads. */
  readonly changing?: (idOf: IdOf) => Options;
  /** Calls on one host, in this order, whose results together have all fields; default: `changing`. */
  readonly withAllFields?: (idOf: IdOf) => readonly Options[];
  /** Options that are refused before anything is read or sent. */
  readonly bad: Options;
}

const SAMPLES: Readonly<Record<ModuleName, SampleCalls>> = {
  jumpcloud_names: {
    good: { system_groups: ['web'] },
    bad: { system_groups: [] },
  },
  jumpcloud_stale_systems: {
    good: { inactive_days: 30 },
    bad: { inactive_days: 0 },
  },
  jumpcloud_host: {
    good: { groups: [] },
    changing: wholeHost,
    withAllFields: (idOf) => [
      wholeHost(idOf),
      { system: { display_name: '{hostname} {env.NO_SUCH_NAME}' }, expand_facts: true },
    ],
    bad: { exclusive: ['users'] },
  },
  jumpcloud_system: {
    good: {},
    changing: () => ({ display_name: 'web-1' }),
    withAllFields: () => [
      { display_name: 'web-1', settle: 0.1 },
      { display_name: '{hostname} {env.NO_SUCH_NAME}', expand_facts: true },
    ],
    bad: { purge_attributes: true },
  },
  jumpcloud_group_membership: {
    good: { groups: [] },
    changing: (idOf) => ({ groups: [idOf('system_group')] }),
    bad: { groups: ['web'] },
  },
  jumpcloud_user_binding: {
    good: { users: [] },
    changing: (idOf) => ({ users: [{ id: idOf('user'), sudo: true }] }),
    bad: { users: [{ sudo: true }] },
  },
  jumpcloud_association: {
    good: { type: 'command', ids: [] },
    changing: (idOf) => ({ type: 'command', ids: [idOf('command')] }),
    withAllFields: (idOf) => [{ type: 'user_group', ids: [idOf('user_group')], sudo: true }],
    bad: { ids: [] },
  },
  jumpcloud_removal: {
    good: {},
    changing: () => ({}),
    withAllFields: () => [{ scope: 'associations' }, { purge_identity: true }],
    bad: { scope: 'associations', purge_identity: true },
  },
  jumpcloud_system_info: {
    good: {},
    withAllFields: () => [{}, { gather: ['groups', 'facts'] }],
    bad: { gather: ['everything'] },
  },
  jumpcloud_doctor: {
    good: {},
    withAllFields: () => [{}],
    bad: { request_timeout: 0 },
  },
};

/** Returns options of jumpcloud_host with most sections. */
function wholeHost(idOf: IdOf): Options {
  return {
    system: { display_name: 'web-1', attributes: { role: 'web' } },
    groups: [idOf('system_group')],
    users: [{ id: idOf('user'), sudo: true }],
    user_groups: [idOf('user_group')],
    commands: [idOf('command')],
    exclusive: ['groups'],
  };
}

/** Returns the calls of a module. Tests of all modules fail for a new module without calls here. */
export function sampleCallsOf(module: ModuleName): SampleCalls {
  const samples: SampleCalls | undefined = SAMPLES[module];
  if (samples === undefined) {
    throw new Error(`${module} has no sample calls. Add some in test/harness/sample-calls.ts.`);
  }
  return samples;
}

/** Returns a call that has something to change, or to read. */
export function fullCall(module: ModuleName, idOf: IdOf): Options {
  const { good, changing } = sampleCallsOf(module);
  return changing?.(idOf) ?? good;
}

/** Returns calls on one host, in order, whose results together have every field of the module. */
export function callsWithAllFields(module: ModuleName, idOf: IdOf): readonly Options[] {
  return sampleCallsOf(module).withAllFields?.(idOf) ?? [fullCall(module, idOf)];
}

/** The modules that change something. */
export const WRITING_MODULES: readonly ModuleName[] = HOST_MODULES.map(({ name }) => name).filter(
  (name) => sampleCallsOf(name).changing !== undefined,
);
