import { HOST_MODULES, type ModuleName } from '../../src/modules.ts';
import type { ObjectType } from '../emulator/types.ts';

/** Options of a call, except those for the connection, such as agent_dir and api_url. */
export type Options = Readonly<Record<string, unknown>>;

/** Returns an id for an object of a type. Some tests create the object, others only need an id. */
export type IdOf = (type: ObjectType) => string;

/** The sample calls of one module. Tests of all modules use them. */
export interface SampleCalls {
  /** The minimal valid options. */
  readonly good: Options;
  /** Options that change a newly enrolled host. Undefined for a module that only reads. */
  readonly changing?: (idOf: IdOf) => Options;
  /**
   * Calls on one host, in this order. Their results together have all fields of the module. The
   * default is `changing`.
   */
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

/** Returns the sample calls of a module. Throws an error if the module has none. */
export function sampleCallsOf(module: ModuleName): SampleCalls {
  const samples: SampleCalls | undefined = SAMPLES[module];
  if (samples === undefined) {
    throw new Error(`${module} has no sample calls. Add some in test/harness/sample-calls.ts.`);
  }
  return samples;
}

/** Returns the options of `changing`. For a module that only reads, returns `good`. */
export function fullOptions(module: ModuleName, idOf: IdOf): Options {
  const { good, changing } = sampleCallsOf(module);
  return changing?.(idOf) ?? good;
}

/** Returns calls on one host, in order, whose results together have every field of the module. */
export function callsWithAllFields(module: ModuleName, idOf: IdOf): readonly Options[] {
  return sampleCallsOf(module).withAllFields?.(idOf) ?? [fullOptions(module, idOf)];
}

/** The modules that change something. */
export const WRITING_MODULES: readonly ModuleName[] = HOST_MODULES.map(({ name }) => name).filter(
  (name) => sampleCallsOf(name).changing !== undefined,
);
