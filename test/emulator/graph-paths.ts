import type { Entry } from './paging.ts';
import type { Store } from './store.ts';
import type { EdgeAttributes } from './types.ts';

interface Step {
  to: { type: string; id: string };
  attributes?: EdgeAttributes;
}

/**
 * An entry of the list of users with access to a system: every path to a user, and the combined
 * attributes of all paths.
 */
export interface TraversedUser extends Entry {
  type: 'user';
  id: string;
  paths: Step[][];
  compiledAttributes: unknown;
}

const step = (type: string, id: string, attributes?: EdgeAttributes): Step =>
  attributes === undefined ? { to: { type, id } } : { to: { type, id }, attributes };

/**
 * Lists every user with access to a system: directly, through user groups, system groups or both.
 */
export function traverseUsers(store: Store, systemId: string): TraversedUser[] {
  const pathsOf = new Map<string, Step[][]>();
  const add = (user: string, path: Step[]) =>
    pathsOf.set(user, [...(pathsOf.get(user) ?? []), path]);
  const addMembers = (path: Step[], group: string) => {
    for (const user of store.userGroups.get(group) ?? []) add(user, [...path, step('user', user)]);
  };
  for (const [id, attributes] of store.edgesOf(systemId, 'user')) {
    add(id, [step('user', id, attributes)]);
  }
  for (const [id, attributes] of store.edgesOf(systemId, 'user_group')) {
    addMembers([step('user_group', id, attributes)], id);
  }
  for (const group of store.groupsOf(systemId)) {
    for (const [key, attributes] of store.groupEdges.get(group) ?? []) {
      const [type = '', id = ''] = key.split(':');
      const path = [step('system_group', group), step(type, id, attributes)];
      if (type === 'user') add(id, path);
      else addMembers(path, id);
    }
  }
  return [...pathsOf].map(([id, paths]) => ({
    type: 'user',
    id,
    paths,
    compiledAttributes: combineAttributes(paths),
  }));
}

function combineAttributes(paths: Step[][]): unknown {
  const sudos = paths.flat().flatMap(({ attributes }) => attributes?.sudo ?? []);
  if (sudos.length === 0) return null;
  return {
    sudo: {
      enabled: sudos.some(({ enabled }) => enabled),
      withoutPassword: sudos.some(({ withoutPassword }) => withoutPassword),
    },
  };
}
