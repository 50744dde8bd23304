import { ids } from '../options/id.ts';
import { type OptionValues, required } from '../options/option.ts';
import { connectionOptions } from './connection-options.ts';
import { edges } from './edges.ts';
import { memberships } from './edges-access.ts';
import { edgesOptions } from './edges-options.ts';

/** The options of jumpcloud_group_membership. */
export const groupMembershipOptions = {
  ...connectionOptions,
  groups: required(ids()),
  ...edgesOptions,
};

/** The system groups this host is in. */
export const groupMembership = edges<OptionValues<typeof groupMembershipOptions>>({
  option: 'groups',
  field: 'groups',
  shape: () => 'ids',
  wish: ({ groups, state, exclusive }) => ({
    edges: new Map(groups.map((id) => [id, {}])),
    state,
    exclusive,
  }),
  access: () => memberships,
});
