import type { HostSession } from '../../transport/host-session.ts';
import type { AssociationOptions } from './association.ts';
import { type EdgesConcern, edges } from './edges.ts';
import { associations } from './edges-access.ts';
import { edgesWish } from './edges-options.ts';
import { keptSudo } from './kept-sudo.ts';

/** This host's direct associations of one type, as a concern. */
export function associationConcern(
  session: HostSession,
  options: AssociationOptions,
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
