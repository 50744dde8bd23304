import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesConcern, edges } from './edges.ts';
import { memberships } from './edges-access.ts';
import { edgesWish } from './edges-options.ts';
import type { GroupMembershipOptions } from './group-membership.ts';

/** The system groups this host is in, as a concern. */
export function groupMembershipConcern(
  session: HostSession,
  options: GroupMembershipOptions,
): EdgesConcern {
  return edges(session, {
    access: memberships(session),
    wish: edgesWish(options, new Map(options.groups.map((id) => [id, {}]))),
    option: 'groups',
    field: 'groups',
    shape: 'ids',
  });
}
