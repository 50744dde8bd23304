import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesResource, edgesResource } from './edges.ts';
import { associationsAccess, membershipsAccess } from './edges-access.ts';
import { desiredEdges, type EdgesOptions } from './edges-options.ts';
import { indirectAccessWarnings } from './indirect-access-warnings.ts';
import type { ObjectWithSudo } from './objects-with-sudo.ts';
import type { DesiredSudo } from './plan-edges.ts';
import { unmanagedSudoWarnings } from './unmanaged-sudo-warnings.ts';

/** Returns the resource that manages the system groups of this host. */
export function groupMembershipResource(
  session: HostSession,
  options: EdgesOptions & { readonly groups: readonly string[] },
): EdgesResource {
  return edgesResource(session, {
    access: membershipsAccess(session),
    desired: desiredEdges(options, new Map(options.groups.map((id) => [id, {}]))),
    option: 'groups',
    field: 'groups',
    shape: 'ids',
  });
}

/**
 * Returns the resource that manages the users bound directly to this host, with the sudo of each
 * user.
 */
export function userBindingResource(
  session: HostSession,
  options: EdgesOptions & { readonly users: readonly ObjectWithSudo[] },
): EdgesResource {
  const desired = desiredEdges(options, new Map(options.users.map((user) => [user.id, user])));
  return edgesResource(session, {
    access: associationsAccess(session, 'user'),
    desired,
    option: 'users',
    field: 'users',
    shape: 'with sudo',
    warnings: async (after) => [
      ...unmanagedSudoWarnings(desired, after),
      ...(await indirectAccessWarnings(session, desired, after)),
    ],
  });
}

/** Returns the resource that manages this host's direct associations of one type. */
export function associationResource(
  session: HostSession,
  options: EdgesOptions &
    DesiredSudo & { readonly type: AssociationType; readonly ids: readonly string[] },
): EdgesResource {
  const { type, ids, sudo, sudo_without_password } = options;
  const desiredSudo = { sudo, sudo_without_password };
  const desired = desiredEdges(options, new Map(ids.map((id) => [id, desiredSudo])));
  return edgesResource(session, {
    access: associationsAccess(session, type),
    desired,
    option: 'ids',
    field: 'associations',
    shape: type === 'user_group' ? 'with sudo' : 'objects',
    warnings: async (after) =>
      type === 'user_group' ? unmanagedSudoWarnings(desired, after, 'User group') : [],
  });
}
