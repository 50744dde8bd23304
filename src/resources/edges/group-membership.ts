import { defineModule } from '../../module.ts';
import { objects } from '../../options/id.ts';
import { type OptionValues, required } from '../../options/option.ts';
import { createRun } from '../../reconcile.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';
import { checkEdgesOptions, edgesOptions } from './edges-options.ts';

const options = {
  ...connectionOptions,
  groups: required(objects('system_group')),
  ...edgesOptions('system_group'),
};

/** The values of jumpcloud_group_membership's options after reading. */
export type GroupMembershipOptions = OptionValues<typeof options>;

/** Manages the memberships of this host in system groups. */
export const groupMembership = defineModule({
  name: 'jumpcloud_group_membership',
  options,
  rules: (given) => [...checkConnectionOptions(given), ...checkEdgesOptions(given)],
  run: createRun(async () => (await import('./edge-resources.ts')).groupMembershipResource),
});
