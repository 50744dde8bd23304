import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesConcern, edges } from './edges.ts';
import { associations, memberships } from './edges-access.ts';
import { type EdgesOptions, edgesWish } from './edges-options.ts';
import { keptSudo } from './kept-sudo.ts';
import type { SudoWish } from './plan-edges.ts';
import { remainingAccess } from './remaining-access.ts';
import type { UserWish } from './users-option.ts';

/** The system groups this host is in, as a concern. */
export function groupMembershipConcern(
  session: HostSession,
  options: EdgesOptions & { readonly groups: readonly string[] },
): EdgesConcern {
  return edges(session, {
    access: memberships(session),
    wish: edgesWish(options, new Map(options.groups.map((id) => [id, {}]))),
    option: 'groups',
    field: 'groups',
    shape: 'ids',
  });
}

/** The users bound directly to this host, and their sudo, as a concern. */
export function userBindingConcern(
  session: HostSession,
  options: EdgesOptions & { readonly users: readonly UserWish[] },
): EdgesConcern {
  const wish = edgesWish(options, new Map(options.users.map((user) => [user.id, user])));
  return edges(session, {
    access: associations(session, 'user'),
    wish,
    option: 'users',
    field: 'users',
    shape: 'with sudo',
    warnings: async (after) => [
      ...keptSudo(wish, after),
      ...(await remainingAccess(session, wish, after)),
    ],
  });
}

/** This host's direct associations of one type, as a concern. */
export function associationConcern(
  session: HostSession,
  options: EdgesOptions &
    SudoWish & { readonly type: AssociationType; readonly ids: readonly string[] },
): EdgesConcern {
  const { type, ids, sudo, sudo_without_password } = options;
  const sudoWish = { sudo, sudo_without_password };
  const wish = edgesWish(options, new Map(ids.map((id) => [id, sudoWish])));
  return edges(session, {
    access: associations(session, type),
    wish,
    option: 'ids',
    field: 'associations',
    shape: type === 'user_group' ? 'with sudo' : 'objects',
    warnings: async (after) => (type === 'user_group' ? keptSudo(wish, after, 'User group') : []),
  });
}
