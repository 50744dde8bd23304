import { expect } from 'vitest';
import { indirectAccess } from '../../../src/resources/edges/indirect-access.ts';
import { test as base } from '../../harness/fixture.ts';
import { inSession } from '../../harness/in-session.ts';

const test = base
  /** Users of whom one is bound, one comes through a group, and one in both ways. */
  .extend('users', async ({ emulator: { store }, host: { systemId } }) => {
    const [bound, indirect, both] = [store.addUser(), store.addUser(), store.addUser()];
    const group = store.addUserGroup([indirect, both]);
    store.associate(systemId, 'user', bound);
    store.associate(systemId, 'user', both);
    store.associate(systemId, 'user_group', group);
    return { bound, indirect, both, group };
  })
  /** What is said of a wish, with the names of those users for their ids; the reads that it took. */
  .extend(
    'said',
    ({ host, users }) =>
      async (
        state: 'present' | 'absent',
        targets: readonly (keyof typeof users)[],
        rest: { exclusive?: boolean; keep?: readonly (keyof typeof users)[] } = {},
      ) => {
        const edges = new Map(targets.map((name) => [users[name], {}]));
        const keep = new Set((rest.keep ?? []).map((name) => users[name]));
        const desired = { edges, state, exclusive: rest.exclusive ?? false, keep };
        const sentences = await inSession(host.options, (session) =>
          indirectAccess(session, desired, new Map()),
        );
        const named = Object.entries(users).reduce(
          (text, [name, id]) => text.replaceAll(id, name),
          sentences.join('\n'),
        );
        return { named, reads: host.requests().length };
      },
  );

const STILL = (user: string) =>
  `User ${user} is not bound directly, but still has access to this host through user group group. To take it away, remove the user from that group, or the group from this host.`;

test('nothing is asked where nobody is to lose access', async ({ said }) => {
  expect(await said('present', ['bound', 'indirect'])).toEqual({ named: '', reads: 0 });
  expect(await said('absent', [])).toEqual({ named: '', reads: 0 });
});

test('of users that are to be absent, those who come through a group are named', async ({
  said,
}) => {
  expect(await said('absent', ['bound'])).toEqual({ named: '', reads: 1 });
  expect((await said('absent', ['bound', 'both'])).named).toBe(STILL('both'));
  const [first, second] = (await said('absent', ['indirect', 'both'])).named.split('\n');
  expect([first, second].sort()).toEqual([STILL('both'), STILL('indirect')]);
});

test('with exclusive, all whom nobody named and nothing keeps', async ({ said }) => {
  const { named } = await said('present', ['bound', 'both'], { exclusive: true });
  expect(named).toBe(STILL('indirect'));
  const kept = await said('present', ['both'], { exclusive: true, keep: ['indirect', 'bound'] });
  expect(kept.named).toBe('');
});

test('the whole way is told, through however many groups', async ({
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
  const [sentence] = await inSession(host.options, (session) =>
    indirectAccess(session, desired, new Map()),
  );
  expect(sentence).toContain(`User ${user} is not bound directly`);
  expect(sentence).toContain(`through system group ${group}.`);
});
