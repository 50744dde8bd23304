import { runModule } from '../src/protocol/run-module.ts';
import { reconcile } from '../src/reconcile.ts';
import { connectionRules } from '../src/resources/connection-options.ts';
import { edgesRules } from '../src/resources/edges-options.ts';
import { groupMembership, groupMembershipOptions } from '../src/resources/group-membership.ts';
import help from './jumpcloud_group_membership.yml';

runModule({
  name: 'jumpcloud_group_membership',
  help,
  options: groupMembershipOptions,
  rules: (options) => [...connectionRules(options), ...edgesRules(options)],
  run: (options, run) => reconcile(groupMembership, options, run),
});
