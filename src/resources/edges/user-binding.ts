import type { Problem } from '../../errors.ts';
import { defineModule } from '../../module.ts';
import { type OptionValues, required } from '../../options/option.ts';
import { keeping } from '../../reconcile.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { edges } from './edges.ts';
import { associations } from './edges-access.ts';
import { edgesOptions, edgesRules, edgesWish, sudoRules } from './edges-options.ts';
import { keptSudo } from './kept-sudo.ts';
import { remainingAccess } from './remaining-access.ts';
import { users } from './users-option.ts';

const options = { ...connectionOptions, users: required(users('user')), ...edgesOptions('user') };

type UserBindingOptions = OptionValues<typeof options>;

/** The users bound directly to this host, and their sudo. */
export const userBinding = defineModule({
  name: 'jumpcloud_user_binding',
  options,
  rules,
  run: keeping((session, given: UserBindingOptions) => {
    const wish = edgesWish(given, new Map(given.users.map((user) => [user.id, user])));
    return edges(session, {
      access: associations(session, 'user'),
      wish,
      option: 'users',
      field: 'users',
      shape: 'with sudo',
      warnings: async (after) => [
        ...keptSudo(wish, after),
        ...(await remainingAccess(session, wish)),
      ],
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
