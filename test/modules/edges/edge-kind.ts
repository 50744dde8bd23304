import type { Store } from '../../emulator/store.ts';
import type { AssociationType, EdgeAttributes } from '../../emulator/types.ts';

/** The sudo of an edge, by the names of the options. */
export interface Sudo {
  readonly sudo: boolean;
  readonly sudo_without_password: boolean;
}

/** An edge as the options ask for it. Undefined attributes are not managed. */
export interface DesiredState extends Partial<Sudo> {
  readonly id: string;
}

/** A kind of edge, the module that manages it, and the names that the module uses for it. */
export interface EdgeKind {
  readonly module:
    | 'jumpcloud_group_membership'
    | 'jumpcloud_user_binding'
    | 'jumpcloud_association';
  readonly target: 'system_group' | AssociationType;
  readonly option: 'groups' | 'users' | 'ids';
  readonly field: 'groups' | 'users' | 'associations';
  /** Whether the options set sudo for each edge, for all edges at once, or not at all. */
  readonly sudo: 'each' | 'all' | 'none';
}

const associationKind = {
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
export const USER_GROUPS: EdgeKind = { ...associationKind, target: 'user_group', sudo: 'all' };
export const COMMANDS: EdgeKind = { ...associationKind, target: 'command', sudo: 'none' };
export const POLICIES: EdgeKind = { ...associationKind, target: 'policy', sudo: 'none' };
export const POLICY_GROUPS: EdgeKind = { ...associationKind, target: 'policy_group', sudo: 'none' };

export const KINDS: readonly EdgeKind[] = [
  GROUPS,
  USERS,
  USER_GROUPS,
  COMMANDS,
  POLICIES,
  POLICY_GROUPS,
];

/** Returns the attributes of an edge with the given sudo. */
export function edgeAttributesOf({ sudo, sudo_without_password }: Sudo): EdgeAttributes {
  return { sudo: { enabled: sudo, withoutPassword: sudo_without_password } };
}

/** Sudo options of a random case. Unmanaged sudo is twice as likely as each other entry. */
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

/** The attributes that an edge may have before a random case. */
export const anyAttributes: readonly EdgeAttributes[] = [
  undefined,
  edgeAttributesOf({ sudo: false, sudo_without_password: false }),
  edgeAttributesOf({ sudo: true, sudo_without_password: false }),
  edgeAttributesOf({ sudo: true, sudo_without_password: true }),
];

/** Returns the options that ask for edges. A sudo for all edges is taken from the first edge. */
export function optionsFor(
  kind: EdgeKind,
  desired: readonly DesiredState[],
): Record<string, unknown> {
  if (kind.sudo === 'each') return { users: desired };
  const ids = desired.map(({ id }) => id);
  if (kind.target === 'system_group') return { groups: ids };
  const { id: _, ...sudo } = desired[0] ?? { id: '' };
  return { type: kind.target, ids, ...(kind.sudo === 'all' && sudo) };
}

/** Returns an edge as it is listed in the module's result. */
export function listed(kind: EdgeKind, id: string, sudo?: Partial<Sudo>): unknown {
  if (kind.target === 'system_group') return id;
  if (kind.sudo === 'none') return { id };
  return {
    id,
    sudo: sudo?.sudo ?? false,
    sudo_without_password: sudo?.sudo_without_password ?? false,
  };
}

/** Creates an object that an edge of this kind can lead to. */
export function newTarget(store: Store, { target }: EdgeKind): string {
  return target === 'system_group' ? store.addGroup() : store.add(target);
}

/** Creates `count` objects, and returns their ids in order. */
export function newTargets(store: Store, kind: EdgeKind, count: number): string[] {
  return Array.from({ length: count }, () => newTarget(store, kind)).sort();
}

/** Deletes an object and one system's edge to it. */
export function deleteTarget(store: Store, systemId: string, kind: EdgeKind, id: string): void {
  removeEdge(store, systemId, kind, id);
  if (kind.target === 'system_group') store.groups.delete(id);
  else if (kind.target === 'user_group') store.userGroups.delete(id);
  else store.objects[kind.target].delete(id);
}

/** Adds an edge, as someone other than this host would. */
export function addEdge(
  store: Store,
  systemId: string,
  { target }: EdgeKind,
  id: string,
  attributes?: EdgeAttributes,
): void {
  if (target === 'system_group') store.join(systemId, id);
  else store.associate(systemId, target, id, attributes);
}

/** Removes an edge, as someone other than this host would. */
export function removeEdge(store: Store, systemId: string, { target }: EdgeKind, id: string): void {
  if (target === 'system_group') store.leave(systemId, id);
  else store.dissociate(systemId, target, id);
}

/** Returns a system's edges of this kind: attributes by id. */
export function edgesOf(
  store: Store,
  systemId: string,
  { target }: EdgeKind,
): Map<string, EdgeAttributes> {
  return target === 'system_group'
    ? new Map(store.groupsOf(systemId).map((id) => [id, undefined]))
    : new Map(store.edgesOf(systemId, target));
}

/** Returns a system's record and other edges, which the kind's module must not change. */
export function everythingElse(store: Store, systemId: string, { target }: EdgeKind): unknown {
  const { groups, edges } = store.snapshot(systemId);
  return structuredClone({
    groups: target === 'system_group' ? [] : groups,
    edges: edges.filter(([key]) => !key.startsWith(`${target}:`)),
    record: store.record(systemId),
  });
}
