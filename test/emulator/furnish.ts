import type { Store } from './store.ts';
import type { AssociationType } from './types.ts';

/** An object of the organisation, and how a host stands to it. */
export interface Furnished {
  readonly type: AssociationType | 'system_group';
  readonly id: string;
  /** Empty when the host has nothing to do with it yet. */
  readonly standing: string;
}

/** Gives a host something of everything: some of it associated with it, some not yet. */
export function furnish(store: Store, systemId: string): Furnished[] {
  const objects: Furnished[] = [];
  const add = (type: Furnished['type'], id: string, standing = '') => {
    objects.push({ type, id, standing });
    return id;
  };
  store.join(systemId, add('system_group', store.addGroup(), 'this host is a member'));
  add('system_group', store.addGroup());
  add('system_group', store.addGroup());

  store.associate(systemId, 'user', add('user', store.addUser(), 'bound directly, without sudo'));
  const indirect = add('user', store.addUser(), 'bound through the first user group');
  const both = add('user', store.addUser(), 'bound directly, and through the first user group');
  store.associate(systemId, 'user', both);
  add('user', store.addUser());

  const group = store.addUserGroup([indirect, both]);
  store.associate(systemId, 'user_group', add('user_group', group, 'associated, with sudo'), {
    sudo: { enabled: true, withoutPassword: false },
  });
  add('user_group', store.addUserGroup());

  for (const type of ['command', 'policy', 'policy_group'] as const) {
    store.associate(systemId, type, add(type, store.add(type), 'associated'));
    add(type, store.add(type));
  }
  return objects;
}
