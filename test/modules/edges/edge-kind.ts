import type { Store } from '../../emulator/store.ts';
import type { AssociationType, EdgeAttributes } from '../../emulator/types.ts';

/** The sudo of an edge, by the names of the options. */
export interface Sudo {
  readonly sudo: boolean;
  readonly sudo_without_password: boolean;
}

/** An edge as it is asked for; what is undefined is not managed. */
export interface DesiredState extends Partial<Sudo> {
  readonly id: string;
}

/** One kind of edges, the module that keeps it, and how that module speaks of it. */
export interface EdgeKind {
  readonly module:
    | 'jumpcloud_group_membership'
    | 'jumpcloud_user_binding'
    | 'jumpcloud_association';
  readonly target: 'system_group' | AssociationType;
  readonly option: 'groups' | 'users' | 'ids';
  readonly field: 'groups' | 'users' | 'associations';
  /** Whether sudo is asked for edge by edge, for all alike, or not at all. */
  readonly sudo: 'each' | 'all' | 'none';
}

const association = {
  module: 'jumpcloud_association',
  option: 'ids',
  field: 'associations',
} as const;

export const GROUPS: EdgeKind = {
  module: 'jumpcloud_group_membership',
  target: 'system_group',
  option: 'groups',
  field: 'groups',
  sudo: 'none',
};
export const USERS: EdgeKind = {
  module: 'jumpcloud_user_binding',
  target: 'user',
  option: 'users',
  field: 'users',
  sudo: 'each',
};
export const USER_GROUPS: EdgeKind = { ...association, target: 'user_group', sudo: 'all' };
export const COMMANDS: EdgeKind = { ...association, target: 'command', sudo: 'none' };
export const POLICIES: EdgeKind = { ...association, target: 'policy', sudo: 'none' };
export const POLICY_GROUPS: EdgeKind = { ...association, target: 'policy_group', sudo: 'none' };

/** Every kind there is. */
export const KINDS: readonly EdgeKind[] = [
  GROUPS,
  USERS,
  USER_GROUPS,
  COMMANDS,
  POLICIES,
  POLICY_GROUPS,
];

/** The attributes that an edge of that sudo carries. */
export function attributesOf({ sudo, sudo_without_password }: Sudo): EdgeAttributes {
  return { sudo: { enabled: sudo, withoutPassword: sudo_without_password } };
}

/** What a case may ask of an edge's sudo; nothing more often than each of the rest. */
export const anySudo: readonly Partial<Sudo>[] = [
  {},
  {},
  { sudo_without_password: false },
  { sudo: false },
  { sudo: false, sudo_without_password: false },
  { sudo: true },
  { sudo: true, sudo_without_password: false },
  { sudo: true, sudo_without_password: true },
];

/** What an edge may carry before a case begins. */
export const anyAttributes: readonly EdgeAttributes[] = [
  undefined,
  attributesOf({ sudo: false, sudo_without_password: false }),
  attributesOf({ sudo: true, sudo_without_password: false }),
  attributesOf({ sudo: true, sudo_without_password: true }),
];

/** The options that ask for edges; where sudo is one for all, the first edge's. */
export function asking(kind: EdgeKind, desired: readonly DesiredState[]): Record<string, unknown> {
  if (kind.sudo === 'each') return { users: desired };
  const ids = desired.map(({ id }) => id);
  if (kind.target === 'system_group') return { groups: ids };
  const { id: _, ...sudo } = desired[0] ?? { id: '' };
  return { type: kind.target, ids, ...(kind.sudo === 'all' && sudo) };
}

/** An edge as the module lists it. */
export function listed(kind: EdgeKind, id: string, sudo?: Partial<Sudo>): unknown {
  if (kind.target === 'system_group') return id;
  if (kind.sudo === 'none') return { id };
  return {
    id,
    sudo: sudo?.sudo ?? false,
    sudo_without_password: sudo?.sudo_without_password ?? false,
  };
}

/** Makes a new object that an edge of this kind can lead to. */
export function newTarget(store: Store, { target }: EdgeKind): string {
  return target === 'system_group' ? store.addGroup() : store.add(target);
}

/** So many new objects, in the order of their ids. */
export function newTargets(store: Store, kind: EdgeKind, count: number): string[] {
  return Array.from({ length: count }, () => newTarget(store, kind)).sort();
}

/** Deletes an object, with the edges to it of one system. */
export function deleteTarget(store: Store, systemId: string, kind: EdgeKind, id: string): void {
  cut(store, systemId, kind, id);
  if (kind.target === 'system_group') store.groups.delete(id);
  else if (kind.target === 'user_group') store.userGroups.delete(id);
  else store.objects[kind.target].delete(id);
}

/** Makes an edge, as somebody else than this host would. */
export function tie(
  store: Store,
  systemId: string,
  { target }: EdgeKind,
  id: string,
  attributes?: EdgeAttributes,
): void {
  if (target === 'system_group') store.join(systemId, id);
  else store.associate(systemId, target, id, attributes);
}

/** Takes an edge away, as somebody else than this host would. */
export function cut(store: Store, systemId: string, { target }: EdgeKind, id: string): void {
  if (target === 'system_group') store.leave(systemId, id);
  else store.dissociate(systemId, target, id);
}

/** A system's edges of this kind, with what they carry. */
export function edgesOf(
  store: Store,
  systemId: string,
  { target }: EdgeKind,
): Map<string, EdgeAttributes> {
  return target === 'system_group'
    ? new Map(store.groupsOf(systemId).map((id) => [id, undefined]))
    : new Map(store.edgesOf(systemId, target));
}

/** All the rest of a system's graph, and its record: what a module of this kind must not move. */
export function everythingElse(store: Store, systemId: string, { target }: EdgeKind): unknown {
  const { groups, edges } = store.snapshot(systemId);
  return structuredClone({
    groups: target === 'system_group' ? [] : groups,
    edges: edges.filter(([key]) => !key.startsWith(`${target}:`)),
    record: store.record(systemId),
  });
}
