import { expect } from 'vitest';
import { indirectAccessWarnings } from '../../../src/resources/edges/indirect-access-warnings.ts';
import { test as base } from '../../harness/fixture.ts';
import { inSession } from '../../harness/in-session.ts';

const test = base
  /** Three users: one is bound directly, one has access through a group, and one has both. */
  .extend('users', async ({ emulator: { store }, host: { systemId } }) => {
    const [bound, indirect, both] = [store.addUser(), store.addUser(), store.addUser()];
    const group = store.addUserGroup([indirect, both]);
    store.associate(systemId, 'user', bound);
    store.associate(systemId, 'user', both);
    store.associate(systemId, 'user_group', group);
    return { bound, indirect, both, group };
  })
  /**
   * Returns the warnings for desired users, with names instead of ids, and the number of requests.
   */
  .extend(
    'warningsFor',
    ({ host, users }) =>
      async (
        state: 'present' | 'absent',
        targets: readonly (keyof typeof users)[],
        limits: { exclusive?: boolean; keep?: readonly (keyof typeof users)[] } = {},
      ) => {
        const edges = new Map(targets.map((name) => [users[name], {}]));
        const keep = new Set((limits.keep ?? []).map((name) => users[name]));
        const desired = { edges, state, exclusive: limits.exclusive ?? false, keep };
        const warnings = await inSession(host.options, (session) =>
          indirectAccessWarnings(session, desired, new Map()),
        );
        const text = Object.entries(users).reduce(
          (joined, [name, id]) => joined.replaceAll(id, name),
          warnings.join('\n'),
        );
        return { text, requests: host.requests().length };
      },
  );

const warningAbout = (user: string) =>
  `User ${user} is not bound directly, but still has access to this host through user group group. To revoke the access, remove the user from that group, or the group from this host.`;

test('no request is sent when no user is removed', async ({ warningsFor }) => {
  expect(await warningsFor('present', ['bound', 'indirect'])).toEqual({ text: '', requests: 0 });
  expect(await warningsFor('absent', [])).toEqual({ text: '', requests: 0 });
});

test('a warning names each removed user who still has access through a group', async ({
  warningsFor,
}) => {
  expect(await warningsFor('absent', ['bound'])).toEqual({ text: '', requests: 1 });
  expect((await warningsFor('absent', ['bound', 'both'])).text).toBe(warningAbout('both'));
  const [first, second] = (await warningsFor('absent', ['indirect', 'both'])).text.split('\n');
  expect([first, second].sort()).toEqual([warningAbout('both'), warningAbout('indirect')]);
});

test('a run with the option `exclusive` warns about unlisted users with group access, unless they are kept', async ({
  warningsFor,
}) => {
  const { text } = await warningsFor('present', ['bound', 'both'], { exclusive: true });
  expect(text).toBe(warningAbout('indirect'));
  const kept = await warningsFor('present', ['both'], {
    exclusive: true,
    keep: ['indirect', 'bound'],
  });
  expect(kept.text).toBe('');
});

test('the warning names each group between the host and the user', async ({
  emulator: { store },
  host,
}) => {
  const [group, user] = [store.addGroup(), store.addUser()];
  store.join(host.systemId, group);
  store.groupEdges.set(group, new Map([[`user:${user}`, undefined]]));
  const desired = {
    edges: new Map([[user, {}]]),
    state: 'absent',
    exclusive: false,
    keep: new Set<string>(),
  } as const;
  const [warning] = await inSession(host.options, (session) =>
    indirectAccessWarnings(session, desired, new Map()),
  );
  expect(warning).toContain(`User ${user} is not bound directly`);
  expect(warning).toContain(`through system group ${group}.`);
});
