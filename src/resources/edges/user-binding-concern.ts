import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesConcern, edges } from './edges.ts';
import { associations } from './edges-access.ts';
import { edgesWish } from './edges-options.ts';
import { keptSudo } from './kept-sudo.ts';
import { remainingAccess } from './remaining-access.ts';
import type { UserBindingOptions } from './user-binding.ts';

/** The users bound directly to this host, and their sudo, as a concern. */
export function userBindingConcern(
  session: HostSession,
  options: UserBindingOptions,
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
