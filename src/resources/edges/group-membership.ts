import { defineModule } from '../../module.ts';
import { objects } from '../../options/id.ts';
import { type OptionValues, required } from '../../options/option.ts';
import { keeping } from '../../reconcile.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { edges } from './edges.ts';
import { memberships } from './edges-access.ts';
import { edgesOptions, edgesRules, edgesWish } from './edges-options.ts';

const options = {
  ...connectionOptions,
  groups: required(objects('system_group')),
  ...edgesOptions('system_group'),
};

type GroupMembershipOptions = OptionValues<typeof options>;

/** The system groups this host is in. */
export const groupMembership = defineModule({
  name: 'jumpcloud_group_membership',
  options,
  rules: (given) => [...connectionRules(given), ...edgesRules(given)],
  run: keeping((session, given: GroupMembershipOptions) =>
    edges(session, {
      access: memberships(session),
      wish: edgesWish(given, new Map(given.groups.map((id) => [id, {}]))),
      option: 'groups',
      field: 'groups',
      shape: 'ids',
    }),
  ),
});
