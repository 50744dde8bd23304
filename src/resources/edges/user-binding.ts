import type { Problem } from '../../errors.ts';
import { defineModule } from '../../module.ts';
import { type OptionValues, required } from '../../options/option.ts';
import { keeping } from '../../reconcile.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { edges } from './edges.ts';
import { associations } from './edges-access.ts';
import { edgesOptions, edgesRules, sudoRules } from './edges-options.ts';
import { remainingAccess } from './remaining-access.ts';
import { users } from './users-option.ts';

const options = { ...connectionOptions, users: required(users()), ...edgesOptions };

type UserBindingOptions = OptionValues<typeof options>;

/** The users bound directly to this host, and their sudo. */
export const userBinding = defineModule({
  name: 'jumpcloud_user_binding',
  options,
  rules,
  run: keeping((session, { users, state, exclusive }: UserBindingOptions) => {
    const wish = { edges: new Map(users.map((user) => [user.id, user])), state, exclusive };
    return edges(session, {
      access: associations(session, 'user'),
      wish,
      option: 'users',
      field: 'users',
      shape: 'with sudo',
      warnings: () => remainingAccess(session, wish),
    });
  }),
});

function rules(given: UserBindingOptions): Problem[] {
  return [
    ...connectionRules(given),
    ...edgesRules(given),
    ...given.users.flatMap((wish, i) =>
      sudoRules('users', given.state, wish).map(({ option, message }) => ({
        option,
        message: `item ${i + 1}: ${message}`,
      })),
    ),
  ];
}
