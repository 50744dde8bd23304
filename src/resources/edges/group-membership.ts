import { defineModule } from '../../module.ts';
import { ids } from '../../options/id.ts';
import { required } from '../../options/option.ts';
import { keeping } from '../../reconcile.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { edges } from './edges.ts';
import { memberships } from './edges-access.ts';
import { edgesOptions, edgesRules } from './edges-options.ts';

/** The system groups this host is in. */
export const groupMembership = defineModule({
  name: 'jumpcloud_group_membership',
  options: { ...connectionOptions, groups: required(ids()), ...edgesOptions },
  rules: (given) => [...connectionRules(given), ...edgesRules(given)],
  run: keeping((session, { groups, state, exclusive }) =>
    edges(session, {
      access: memberships(session),
      wish: { edges: new Map(groups.map((id) => [id, {}])), state, exclusive },
      option: 'groups',
      field: 'groups',
      shape: 'ids',
    }),
  ),
});
