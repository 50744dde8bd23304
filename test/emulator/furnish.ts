import type { Store } from './store.ts';
import type { Description, ObjectType } from './types.ts';

/** An object of the organisation, and how a host stands to it. */
export interface HostWithSamples {
  readonly type: ObjectType;
  readonly id: string;
  readonly name: string;
  /** Empty when the host has nothing to do with it yet. */
  readonly standing: string;
}

/** Gives a host something of everything: some of it associated with it, some not yet. */
export function enrolForCalls(store: Store, systemId: string): HostWithSamples[] {
  const objects: HostWithSamples[] = [];
  const add = (type: ObjectType, name: string, standing = '') => {
    const id = store.addNamed(type, name);
    objects.push({ type, id, name, standing });
    return id;
  };
  store.join(systemId, add('system_group', 'production', 'this host is a member'));
  add('system_group', 'web');
  add('system_group', 'monitored');

  store.associate(systemId, 'user', add('user', 'ada', 'bound directly, without sudo'));
  const indirect = add('user', 'barbara', 'bound through the first user group');
  const both = add('user', 'grace', 'bound directly, and through the first user group');
  store.associate(systemId, 'user', both);
  add('user', 'margaret');

  const operators = add('user_group', 'operators', 'associated, with sudo');
  store.userGroups.set(operators, new Set([indirect, both]));
  store.associate(systemId, 'user_group', operators, {
    sudo: { enabled: true, withoutPassword: false },
  });
  add('user_group', 'auditors');

  for (const [type, there, free] of [
    ['command', 'rotate logs', 'restart web'],
    ['policy', 'disk encryption', 'screen lock'],
    ['policy_group', 'baseline', 'hardened'],
  ] as const) {
    store.associate(systemId, type, add(type, there, 'associated'));
    add(type, free);
  }
  return objects;
}

/** A group as new organisations have it: JumpCloud keeps each of these hosts in it. */
export function furnishDynamicGroup(store: Store, systemIds: readonly string[]): HostWithSamples {
  const name = 'all Linux hosts';
  const description: Partial<Description> = { name, membershipMethod: 'DYNAMIC_AUTOMATED' };
  const id = store.addNamed('system_group', description);
  for (const systemId of systemIds) store.join(systemId, id);
  return {
    type: 'system_group',
    id,
    name,
    standing: 'filled by a rule: no host leaves it by hand',
  };
}
