import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesResource, edges } from './edges.ts';
import { associations, memberships } from './edges-access.ts';
import { desiredEdges, type EdgesOptions } from './edges-options.ts';
import { indirectAccess } from './indirect-access.ts';
import type { DesiredSudo } from './plan-edges.ts';
import { unmanagedSudo } from './unmanaged-sudo.ts';
import type { DesiredUser } from './users-option.ts';

/** The system groups this host is in, as a concern. */
export function groupMembershipResource(
  session: HostSession,
  options: EdgesOptions & { readonly groups: readonly string[] },
): EdgesResource {
  return edges(session, {
    access: memberships(session),
    desired: desiredEdges(options, new Map(options.groups.map((id) => [id, {}]))),
    option: 'groups',
    field: 'groups',
    shape: 'ids',
  });
}

/** The users bound directly to this host, and their sudo, as a concern. */
export function userBindingResource(
  session: HostSession,
  options: EdgesOptions & { readonly users: readonly DesiredUser[] },
): EdgesResource {
  const desired = desiredEdges(options, new Map(options.users.map((user) => [user.id, user])));
  return edges(session, {
    access: associations(session, 'user'),
    desired,
    option: 'users',
    field: 'users',
    shape: 'with sudo',
    warnings: async (after) => [
      ...unmanagedSudo(desired, after),
      ...(await indirectAccess(session, desired, after)),
    ],
  });
}

/** This host's direct associations of one type, as a concern. */
export function associationResource(
  session: HostSession,
  options: EdgesOptions &
    DesiredSudo & { readonly type: AssociationType; readonly ids: readonly string[] },
): EdgesResource {
  const { type, ids, sudo, sudo_without_password } = options;
  const desiredSudo = { sudo, sudo_without_password };
  const desired = desiredEdges(options, new Map(ids.map((id) => [id, desiredSudo])));
  return edges(session, {
    access: associations(session, type),
    desired,
    option: 'ids',
    field: 'associations',
    shape: type === 'user_group' ? 'with sudo' : 'objects',
    warnings: async (after) =>
      type === 'user_group' ? unmanagedSudo(desired, after, 'User group') : [],
  });
}
