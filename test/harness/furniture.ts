import { HOST_MODULES, type ModuleName } from '../../src/modules.ts';
import type { ObjectType } from '../emulator/types.ts';

/** Options of a call, beyond those that say where agent and JumpCloud are. */
export type Options = Readonly<Record<string, unknown>>;

/** Gives the id of an object of that type: a new one of an emulator's, or any. */
export type IdOf = (type: ObjectType) => string;

/** What a test that goes over all modules calls one with. */
export interface SampleCalls {
  /** The fewest options that are valid. */
  readonly good: Options;
  /** What changes something about a host that has only just been enrolled; a module that only reads has none. */
  readonly changing?: (idOf: IdOf) => Options;
  /** Calls of one host, in this order, whose results have all of the module's fields; `changing` unless said. */
  readonly telling?: (idOf: IdOf) => readonly Options[];
  /** What is refused before anything is read or sent. */
  readonly bad: Options;
}

const SAMPLES: Readonly<Record<ModuleName, SampleCalls>> = {
  jumpcloud_names: {
    good: { system_groups: ['web'] },
    bad: { system_groups: [] },
  },
  jumpcloud_host: {
    good: { groups: [] },
    changing: wholeHost,
    telling: (idOf) => [
      wholeHost(idOf),
      { system: { display_name: '{hostname} {env.NO_SUCH_NAME}' }, expand_facts: true },
    ],
    bad: { exclusive: ['users'] },
  },
  jumpcloud_system: {
    good: {},
    changing: () => ({ display_name: 'web-1' }),
    telling: () => [
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
    telling: (idOf) => [{ type: 'user_group', ids: [idOf('user_group')], sudo: true }],
    bad: { ids: [] },
  },
  jumpcloud_removal: {
    good: {},
    changing: () => ({}),
    telling: () => [{ scope: 'associations' }, { purge_identity: true }],
    bad: { scope: 'associations', purge_identity: true },
  },
  jumpcloud_system_info: {
    good: {},
    telling: () => [{}, { gather: ['groups', 'facts'] }],
    bad: { gather: ['everything'] },
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

/** The calls of a module. A new module fails every test that goes over all until it has its own here. */
export function sampleCallsOf(module: ModuleName): SampleCalls {
  const samples: SampleCalls | undefined = SAMPLES[module];
  if (samples === undefined) {
    throw new Error(`${module} has no calls to test it with; give it some in harness/furniture.ts`);
  }
  return samples;
}

/** A call that finds something to do, or to read. */
export function fullCall(module: ModuleName, idOf: IdOf): Options {
  const { good, changing } = sampleCallsOf(module);
  return changing?.(idOf) ?? good;
}

/** Calls of one host, one after another, whose results have every field that the module's ever have. */
export function failingCalls(module: ModuleName, idOf: IdOf): readonly Options[] {
  return sampleCallsOf(module).telling?.(idOf) ?? [fullCall(module, idOf)];
}

/** The modules that change something. */
export const WRITING_MODULES: readonly ModuleName[] = HOST_MODULES.map(({ name }) => name).filter(
  (name) => sampleCallsOf(name).changing !== undefined,
);
