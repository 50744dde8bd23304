import { readUsers } from '../api/users.ts';
import type { Problem } from '../errors.ts';
import { type OptionValues, required } from '../options/option.ts';
import type { Session } from '../transport/session.ts';
import { connectionOptions } from './connection-options.ts';
import { edges } from './edges.ts';
import { associations } from './edges-access.ts';
import { edgesOptions, edgesRules, sudoRules } from './edges-options.ts';
import { users } from './users-option.ts';

/** The options of jumpcloud_user_binding. */
export const userBindingOptions = {
  ...connectionOptions,
  users: required(users()),
  ...edgesOptions,
};

type UserBindingOptions = OptionValues<typeof userBindingOptions>;

/** What the options must not say together. */
export function userBindingRules(options: UserBindingOptions): Problem[] {
  return [
    ...edgesRules(options),
    ...options.users.flatMap((wish, i) =>
      sudoRules('users', options.state, wish).map(({ option, message }) => ({
        option,
        message: `item ${i + 1}: ${message}`,
      })),
    ),
  ];
}

/** The users bound directly to this host, and their sudo. */
export const userBinding = edges<UserBindingOptions>({
  option: 'users',
  field: 'users',
  shape: () => 'with sudo',
  wish: ({ users, state, exclusive }) => ({
    edges: new Map(users.map((user) => [user.id, user])),
    state,
    exclusive,
  }),
  access: () => associations('user'),
  warn: remainingAccess,
});

/**
 * Names the users that were to be absent and can get in all the same, through a group. Sorted,
 * because JumpCloud lists them in another order once the direct edges are gone.
 */
async function remainingAccess(session: Session, options: UserBindingOptions): Promise<string[]> {
  const { users, state, exclusive } = options;
  if (!exclusive && (state === 'present' || users.length === 0)) return [];
  const named = new Set(users.map(({ id }) => id));
  const unwanted = (id: string) => named.has(id) === (state === 'absent');
  const bound = await readUsers(session);
  return bound
    .filter(({ id }) => unwanted(id))
    .flatMap(({ id, paths }) =>
      paths
        .filter((path) => path.length > 1)
        .map((path) => {
          const through = path
            .slice(0, -1)
            .map((step) => `${step.type.replace('_', ' ')} ${step.id}`);
          return `User ${id} is not bound directly, but still has access to this host through ${through.join(', then ')}. To take it away, remove the user from that group, or the group from this host.`;
        }),
    )
    .sort();
}
