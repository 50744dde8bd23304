import type { Store } from '../../emulator/store.ts';
import type { AssociationType, EdgeAttributes } from '../../emulator/types.ts';

/** The sudo settings of an edge, named like the options. */
export interface Sudo {
  readonly sudo: boolean;
  readonly sudo_without_password: boolean;
}

/** An edge in the desired state. Undefined sudo settings are not managed. */
export interface DesiredState extends Partial<Sudo> {
  readonly id: string;
}

/** A kind of edge, with its module and the names in options and results. */
export interface EdgeKind {
  readonly module:
    | 'jumpcloud_group_membership'
    | 'jumpcloud_user_binding'
    | 'jumpcloud_association';
  readonly target: 'system_group' | AssociationType;
  readonly option: 'groups' | 'users' | 'ids';
  readonly field: 'groups' | 'users' | 'associations';
  /**
   * Whether each edge has its own sudo options, one set of sudo options applies to all edges, or
   * there are none.
   */
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

/**
 * Sudo options for random cases. `{}`, which leaves sudo unmanaged, is listed twice, so that it is
 * chosen more often.
 */
export const SUDO_CHOICES: readonly Partial<Sudo>[] = [
  {},
  {},
  { sudo_without_password: false },
  { sudo: false },
  { sudo: false, sudo_without_password: false },
  { sudo: true },
  { sudo: true, sudo_without_password: false },
  { sudo: true, sudo_without_password: true },
];

/** Attributes that an edge can have before a random case. */
export const ATTRIBUTE_CHOICES: readonly EdgeAttributes[] = [
  undefined,
  edgeAttributesOf({ sudo: false, sudo_without_password: false }),
  edgeAttributesOf({ sudo: true, sudo_without_password: false }),
  edgeAttributesOf({ sudo: true, sudo_without_password: true }),
];

/**
 * Returns the options for desired edges. If the module has one set of sudo options for all edges,
 * the first edge provides it.
 */
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

/** Returns an edge in the form of the module result. */
export function toResultEdge(kind: EdgeKind, id: string, sudo?: Partial<Sudo>): unknown {
  if (kind.target === 'system_group') return id;
  if (kind.sudo === 'none') return { id };
  return {
    id,
    sudo: sudo?.sudo ?? false,
    sudo_without_password: sudo?.sudo_without_password ?? false,
  };
}

/** Creates a target object for an edge of this kind. */
export function createTarget(store: Store, { target }: EdgeKind): string {
  return target === 'system_group' ? store.addGroup() : store.add(target);
}

/** Creates `count` target objects and returns their sorted ids. */
export function createTargets(store: Store, kind: EdgeKind, count: number): string[] {
  return Array.from({ length: count }, () => createTarget(store, kind)).sort();
}

/** Deletes a target object, and the edge from a system to that object. */
export function deleteTarget(store: Store, systemId: string, kind: EdgeKind, id: string): void {
  removeEdge(store, systemId, kind, id);
  if (kind.target === 'system_group') store.groups.delete(id);
  else if (kind.target === 'user_group') store.userGroups.delete(id);
  else store.objects[kind.target].delete(id);
}

/** Adds an edge directly in the store, like a change by someone else. */
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

/** Removes an edge directly in the store, like a change by someone else. */
export function removeEdge(store: Store, systemId: string, { target }: EdgeKind, id: string): void {
  if (target === 'system_group') store.leave(systemId, id);
  else store.dissociate(systemId, target, id);
}

/** Returns all edges of this kind that a system has: attributes by target id. */
export function edgesOf(
  store: Store,
  systemId: string,
  { target }: EdgeKind,
): Map<string, EdgeAttributes> {
  return target === 'system_group'
    ? new Map(store.groupsOf(systemId).map((id) => [id, undefined]))
    : new Map(store.edgesOf(systemId, target));
}

/**
 * Returns the record of a system and all edges of other kinds, which a module of this kind must not
 * change.
 */
export function unmanagedState(store: Store, systemId: string, { target }: EdgeKind): unknown {
  const { groups, edges } = store.snapshot(systemId);
  return structuredClone({
    groups: target === 'system_group' ? [] : groups,
    edges: edges.filter(([key]) => !key.startsWith(`${target}:`)),
    record: store.record(systemId),
  });
}
