import type { Store } from './store.ts';
import type { Description, ObjectType } from './types.ts';

/** An object of the organisation, and a host's relation to it. */
export interface SampleObject {
  readonly type: ObjectType;
  readonly id: string;
  readonly name: string;
  /** A description of the host's relation to the object. Empty if there is none yet. */
  readonly relation: string;
}

/** Adds objects of every type: some are associated with the system, some are not. */
export function addSampleObjects(store: Store, systemId: string): SampleObject[] {
  const objects: SampleObject[] = [];
  const add = (type: ObjectType, name: string, relation = '') => {
    const id = store.addNamed(type, name);
    objects.push({ type, id, name, relation });
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

  for (const [type, associated, unrelated] of [
    ['command', 'rotate logs', 'restart web'],
    ['policy', 'disk encryption', 'screen lock'],
    ['policy_group', 'baseline', 'hardened'],
  ] as const) {
    store.associate(systemId, type, add(type, associated, 'associated'));
    add(type, unrelated);
  }
  return objects;
}

/** Adds records of hosts that died 60 days ago and did not remove themselves. */
export function addDeadRecords(store: Store, count: number): void {
  const lastContact = new Date(Date.now() - 60 * 86_400_000).toISOString();
  for (let number = 1; number <= count; number++) {
    const attributes = [
      { name: 'managed_by', value: 'ansible' },
      { name: 'instance_id', value: `i-dead-${number}` },
    ];
    store.addRecord({ hostname: `dead-${number}`, active: false, lastContact, attributes });
  }
}

/**
 * Adds a dynamic group with the given systems. At JumpCloud, a new organisation has such a group.
 */
export function addDynamicGroup(store: Store, systemIds: readonly string[]): SampleObject {
  const name = 'all Linux hosts';
  const description: Partial<Description> = { name, membershipMethod: 'DYNAMIC_AUTOMATED' };
  const id = store.addNamed('system_group', description);
  for (const systemId of systemIds) store.join(systemId, id);
  return {
    type: 'system_group',
    id,
    name,
    relation: 'a dynamic group: no host can leave it itself',
  };
}
