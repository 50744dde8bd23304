import type { Problem } from '../../base/errors.ts';
import { defineModule } from '../../module.ts';
import { type OptionValues, type PartialValues, required } from '../../options/option.ts';
import { createRun } from '../../reconcile.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';
import { checkEdgesOptions, edgesOptions, sudoProblemsOfItems } from './edges-options.ts';
import { objectsWithSudo } from './objects-with-sudo.ts';

const options = {
  ...connectionOptions,
  users: required(objectsWithSudo('user')),
  ...edgesOptions('user'),
};

/** The options of jumpcloud_user_binding as read. */
export type UserBindingOptions = OptionValues<typeof options>;

/** Manages the users bound directly to this host, with the sudo of each user. */
export const userBinding = defineModule({
  name: 'jumpcloud_user_binding',
  options,
  rules: checkUserBindingOptions,
  run: createRun(async () => (await import('./edge-resources.ts')).userBindingResource),
});

function checkUserBindingOptions(given: PartialValues<typeof options>): Problem[] {
  return [
    ...checkConnectionOptions(given),
    ...checkEdgesOptions(given),
    ...sudoProblemsOfItems('users', given.state, given.users),
  ];
}
