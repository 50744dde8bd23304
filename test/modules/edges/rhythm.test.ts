import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { newId } from '../../emulator/store.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import { type Answer, predictionOf } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { type EdgeHost, enrolEdgeHost, writesOf } from './edge-host.ts';
import {
  COMMANDS,
  createTarget,
  createTargets,
  type DesiredState,
  type EdgeKind,
  edgeAttributesOf,
  GROUPS,
  KINDS,
  type Sudo,
  toResultEdge,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

const SUDO: Sudo = { sudo: true, sudo_without_password: false };
const SUDO_WITHOUT_PASSWORD: Sudo = { sudo: true, sudo_without_password: true };

// A busy machine needs a long time for many processes, so the time limit is high.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

const bodiesOf = (requests: readonly LoggedRequest[]) => writesOf(requests).map(({ body }) => body);

/**
 * Runs a module in check mode and then twice. Expects check mode to predict the first run, and no
 * change in the second run. Returns the answer of the first run.
 */
async function runAndRepeat(
  host: EdgeHost,
  desired: readonly DesiredState[],
  rest: Record<string, unknown>,
  writes: number,
): Promise<Answer> {
  host.takeRequests();
  const initialEdges = host.edges();
  const predicted = await host.run(desired, rest, { flags: ['--check', '--diff'] });
  expect(writesOf(host.takeRequests())).toEqual([]);
  expect(host.edges()).toEqual(initialEdges);

  const answer = await host.run(desired, rest);
  expect(answer.failed, answer.msg).toBeUndefined();
  expect(predicted).toEqual(predictionOf(answer));
  expect(answer.changed).toBe(writes > 0);
  expect(writesOf(host.takeRequests())).toHaveLength(writes);

  const again = await host.run(desired, rest);
  expect(writesOf(host.takeRequests())).toEqual([]);
  expect(again).toMatchObject({
    changed: false,
    msg: 'Nothing to change.',
    added: [],
    removed: [],
  });
  if (again['updated'] !== undefined) expect(again['updated']).toEqual([]);
  expect(again.diff?.after).toEqual(again.diff?.before);
  expect(again.diff?.after).toEqual(answer.diff?.after);
  return answer;
}

describe.concurrent('an edge module', () => {
  // Policies and policy groups are left out, because modules handle them like commands.
  test.each([GROUPS, USERS, USER_GROUPS, COMMANDS])(
    '$module changes edges of the type $target as check mode predicts, and a repeated run changes nothing',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const initialOtherState = host.unmanagedState();
      const [a = '', b = '', c = '', other = ''] = createTargets(emulator.store, kind, 4);
      host.addEdge(other);
      const withSudo = kind.sudo !== 'none';
      const list = (...ids: string[]) => ids.map((id) => toResultEdge(kind, id));
      const diffOf = (...ids: string[]) => ({
        [kind.option]: kind.target === 'system_group' ? ids : ids.map((id) => ({ id })),
      });
      // Groups have no attributes to update.
      const noUpdates = kind.target === 'system_group' ? {} : { updated: [] };

      const bad = await host.run([{ id: 'web' }]);
      expect(bad).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'invalid_arguments' },
      });
      expect(host.takeRequests()).toEqual([]);

      const first = await runAndRepeat(host, [{ id: b }, { id: a }], {}, 2);
      expect(first).toMatchObject({ added: [b, a], ...noUpdates, removed: [], warnings: [] });
      expect(first[kind.field]).toEqual(list(...[a, b, other].sort()));
      expect(first.diff).toEqual({ before: diffOf(), after: diffOf(a, b) });
      expect(first.msg).toBe(`Changed ${kind.field}: 2 added.`);
      expect(first['system_id']).toBe(host.systemId);

      if (withSudo) {
        const changed = await runAndRepeat(host, [{ id: a, ...SUDO }], {}, 1);
        expect(changed).toMatchObject({ added: [], updated: [a], removed: [] });
        expect(changed.diff).toEqual({
          before: { [kind.option]: [toResultEdge(kind, a)] },
          after: { [kind.option]: [{ id: a, ...SUDO }] },
        });
        expect(host.edges().get(a)).toEqual(edgeAttributesOf(SUDO));
        expect(host.edges().get(b)).toBeUndefined();
        await runAndRepeat(host, [{ id: a, sudo: false }], {}, 1);
      }

      const more = await runAndRepeat(host, [{ id: a }, { id: c }], {}, 1);
      expect(more).toMatchObject({ added: [c], ...noUpdates, removed: [] });
      expect(more.diff).toEqual({ before: diffOf(a), after: diffOf(a, c) });

      const less = await runAndRepeat(host, [{ id: a }, { id: newId() }], { state: 'absent' }, 1);
      expect(less).toMatchObject({ added: [], ...noUpdates, removed: [a] });
      expect(less[kind.field]).toEqual(list(...[b, c, other].sort()));
      expect(less.diff).toEqual({ before: diffOf(a), after: diffOf() });

      const only = await runAndRepeat(host, [{ id: a }, { id: c }], { exclusive: true }, 3);
      expect(only['added']).toEqual([a]);
      expect([...(only['removed'] as string[])].sort()).toEqual([b, other].sort());
      expect(only.diff).toEqual({ before: diffOf(...[b, c, other].sort()), after: diffOf(a, c) });
      expect(only.msg).toBe(`Changed ${kind.field}: 1 added, 2 removed.`);
      expect([...host.edges().keys()].sort()).toEqual([a, c]);

      const empty = await runAndRepeat(host, [], { exclusive: true }, 2);
      expect(empty).toMatchObject({ added: [], ...noUpdates, [kind.field]: [] });
      expect(empty.diff).toEqual({ before: diffOf(a, c), after: diffOf() });

      expect(await host.run([])).toMatchObject({ changed: false });
      expect(await host.run([], { state: 'absent' })).toMatchObject({ changed: false });
      expect(writesOf(host.takeRequests())).toEqual([]);
      expect(host.edges().size).toBe(0);
      expect(host.unmanagedState()).toEqual(initialOtherState);
      await host.remove();
    },
  );

  test.each(KINDS)(
    '$module reports an edge to an unknown $target and adds the other edge',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const unknown = newId();
      const known = createTarget(emulator.store, kind);
      const missing = await host.run([{ id: unknown }, { id: known }]);
      expect(missing).toMatchObject({
        changed: true,
        failed: true,
        added: [known],
        error: { code: 'not_found', status: 404, refused: [{ id: unknown, status: 404 }] },
      });
      expect(missing.msg).toContain(`${kind.target.replace('_', ' ')} ${unknown}`);
      expect([...host.edges().keys()]).toEqual([known]);
      host.removeEdge(known);

      const late = await host.run([{ id: known }, { id: unknown }]);
      expect(late).toMatchObject({
        changed: true,
        failed: true,
        added: [known],
        removed: [],
        error: { code: 'not_found' },
      });
      expect(late.msg).toContain(unknown);
      expect([...host.edges().keys()]).toEqual([known]);

      host.fault({ fault: { kind: 'status', status: 401 } });
      const refused = await host.run([{ id: known }]);
      expect(refused).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'unauthorized' },
      });
      await host.remove();
    },
  );

  test.each([GROUPS, USERS, COMMANDS])(
    '$module accepts upper-case ids and comma-separated ids for $target',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const [a = '', b = ''] = createTargets(emulator.store, kind, 2);
      const upper = a.toUpperCase();
      const twice = await host.run([{ id: upper }, { id: a }]);
      if (kind.sudo === 'each') {
        expect(twice).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
        expect(twice.msg).toContain(`${a} is listed twice`);
      } else {
        expect(twice['added']).toEqual([a]);
      }
      expect(writesOf(host.takeRequests())).toHaveLength(kind.sudo === 'each' ? 0 : 1);
      host.addEdge(a);
      // A task in the one-line form of Ansible (key=value) passes a list as comma-separated text.
      const text = await host.run([], { [kind.option]: ` ${upper} , ${b}` });
      expect(text['added']).toEqual([b]);
      expect(text[kind.field]).toEqual([toResultEdge(kind, a), toResultEdge(kind, b)]);
      expect(await host.run([{ id: upper }], { state: 'absent' })).toMatchObject({ removed: [a] });
      await host.remove();
    },
  );
});

describe.concurrent('sudo', () => {
  const WITHOUT_SUDO: Sudo = { sudo: false, sudo_without_password: false };
  // Each row has sudo options, and the attributes that a run writes to five edges. The first edge
  // is new. The others exist without attributes, without sudo, with sudo, and with passwordless
  // sudo. Undefined means no attributes for the new edge, and no write for an existing edge.
  type WrittenSudo = Sudo | undefined;
  const rows: [
    sudo: Partial<Sudo>,
    written: [WrittenSudo, WrittenSudo, WrittenSudo, WrittenSudo, WrittenSudo],
  ][] = [
    [{}, [undefined, undefined, undefined, undefined, undefined]],
    [{ sudo_without_password: false }, [undefined, undefined, undefined, undefined, SUDO]],
    [{ sudo: false }, [undefined, undefined, undefined, WITHOUT_SUDO, WITHOUT_SUDO]],
    [WITHOUT_SUDO, [undefined, undefined, undefined, WITHOUT_SUDO, WITHOUT_SUDO]],
    [{ sudo: true }, [SUDO, SUDO, SUDO, undefined, undefined]],
    [SUDO, [SUDO, SUDO, SUDO, undefined, SUDO]],
    [
      SUDO_WITHOUT_PASSWORD,
      [
        SUDO_WITHOUT_PASSWORD,
        SUDO_WITHOUT_PASSWORD,
        SUDO_WITHOUT_PASSWORD,
        SUDO_WITHOUT_PASSWORD,
        undefined,
      ],
    ],
  ];
  const before = [undefined, undefined, WITHOUT_SUDO, SUDO, SUDO_WITHOUT_PASSWORD];
  const cases = [USERS, USER_GROUPS].flatMap((kind) =>
    rows.map(([sudo, written]) => [sudo, kind.target, { kind, written }] as const),
  );

  test.each(cases)(
    'with the sudo options %j, a run updates an edge to a %s only if the sudo of the edge differs',
    async (desiredSudo, _target, { kind, written }) => {
      const host = await enrolEdgeHost(emulator, kind);
      const ids = createTargets(emulator.store, kind, before.length);
      const [added = '', ...existing] = ids;
      before.slice(1).forEach((sudo, i) => {
        host.addEdge(ids[i + 1] ?? '', sudo && edgeAttributesOf(sudo));
      });
      const desired = ids.map((id) => ({ id, ...desiredSudo }));
      const updated = existing.filter((_, i) => written[i + 1] !== undefined);
      const writes = [added, ...updated].map((id) => {
        const sudo = written[ids.indexOf(id)];
        const op = id === added ? 'add' : 'update';
        return { op, type: kind.target, id, ...(sudo && { attributes: edgeAttributesOf(sudo) }) };
      });

      const answer = await host.run(desired);
      // Parallel writes arrive in any order.
      expect(new Set(bodiesOf(host.takeRequests()))).toEqual(new Set(writes));
      const after = ids.map((id, i) => ({ id, ...(written[i] ?? before[i] ?? WITHOUT_SUDO) }));
      expect(answer).toMatchObject({ [kind.field]: after, added: [added], updated, removed: [] });

      const again = await host.run(desired);
      expect(bodiesOf(host.takeRequests())).toEqual([]);
      expect(again).toMatchObject({ changed: false, [kind.field]: after });
      await host.remove();
    },
  );

  test('one call sets different sudo for each user', async () => {
    const host = await enrolEdgeHost(emulator, USERS);
    const [a = '', b = '', c = '', d = ''] = createTargets(emulator.store, USERS, 4);
    host.addEdge(a, edgeAttributesOf(SUDO_WITHOUT_PASSWORD));
    host.addEdge(b, edgeAttributesOf(SUDO));
    const answer = await host.run([
      { id: a, sudo: false },
      { id: b },
      { id: c, ...SUDO_WITHOUT_PASSWORD },
      { id: d },
    ]);
    expect(answer).toMatchObject({ added: [c, d], updated: [a], removed: [] });
    expect(answer.diff).toEqual({
      before: { users: [{ id: a, ...SUDO_WITHOUT_PASSWORD }, { id: b }] },
      after: {
        users: [
          { id: a, ...WITHOUT_SUDO },
          { id: b },
          { id: c, ...SUDO_WITHOUT_PASSWORD },
          { id: d },
        ],
      },
    });
    await host.remove();
  });
});

describe.concurrent('access that remains through groups', () => {
  const countUserReads = (requests: readonly LoggedRequest[]) =>
    requests.filter(({ url }) => /\/users\?/.test(url)).length;

  /**
   * Enrols a host and a directly bound user. Unless `way` is `none`, groups give the user access,
   * too.
   */
  async function enrolBoundUser(
    way: 'user group' | 'system group' | 'user group of a system group' | 'none',
  ) {
    const { store } = emulator;
    const host = await enrolEdgeHost(emulator, USERS);
    const user = store.addUser();
    const userGroup = store.addUserGroup(way === 'none' ? [] : [user]);
    const group = store.addGroup();
    host.addEdge(user);
    if (way === 'user group') store.associate(host.systemId, 'user_group', userGroup);
    if (way === 'system group' || way === 'user group of a system group') {
      store.join(host.systemId, group);
      const edge = way === 'system group' ? `user:${user}` : `user_group:${userGroup}`;
      store.groupEdges.set(group, new Map([[edge, undefined]]));
    }
    const named = {
      none: [],
      'user group': [`user group ${userGroup}`],
      'system group': [`system group ${group}`],
      'user group of a system group': [`system group ${group}, then user group ${userGroup}`],
    }[way];
    return { host, user, named };
  }

  const ways = ['user group', 'system group', 'user group of a system group', 'none'] as const;
  const modes = ['absent', 'exclusive'] as const;
  const rows = ways.flatMap((way) => modes.map((mode) => ({ way, mode })));

  test.each(rows)(
    'a run that removes a user (`$mode`) warns about each group that still gives access ($way)',
    async ({ way, mode }) => {
      const { host, user, named } = await enrolBoundUser(way);
      const kept = createTarget(emulator.store, USERS);
      const run = (...flags: string[]) =>
        mode === 'absent'
          ? host.run([{ id: user }], { state: 'absent' }, { flags })
          : host.run([{ id: kept }], { exclusive: true }, { flags });
      for (const flags of [['--check'], [], []]) {
        const { warnings } = await run(...flags);
        const requests = host.takeRequests();
        const about = warnings.filter((warning) => warning.includes(`User ${user} `));
        expect(about).toHaveLength(named.length);
        for (const name of named) expect(about[0]).toContain(name);
        expect(countUserReads(requests)).toBe(1);
      }
      expect(host.edges().has(user)).toBe(false);
      await host.remove();
    },
  );

  test('a call that removes no user does not read which users have access through groups', async () => {
    const { host, user } = await enrolBoundUser('user group');
    const answers = [
      await host.run([{ id: user, sudo: true }]),
      await host.run([]),
      await host.run([], { state: 'absent' }),
    ];
    expect(countUserReads(host.takeRequests())).toBe(0);
    expect(answers.map(({ warnings }) => warnings)).toEqual([[], [], []]);
    await host.remove();
  });

  test('a call does not warn about the access of a user whom it does not remove', async () => {
    const { host, user } = await enrolBoundUser('user group');
    const about = ({ warnings }: Answer) => warnings.filter((text) => text.includes(user));
    expect(about(await host.run([{ id: user }], { exclusive: true }))).toEqual([]);
    expect(about(await host.run([{ id: newId() }], { state: 'absent' }))).toEqual([]);
    await host.remove();
  });

  test('a removed user causes one warning for each group that gives access', async () => {
    const { host, user } = await enrolBoundUser('user group');
    const second = emulator.store.addUserGroup([user]);
    emulator.store.associate(
      host.systemId,
      'user_group',
      second,
      edgeAttributesOf(SUDO_WITHOUT_PASSWORD),
    );
    const { warnings } = await host.run([{ id: user }], { state: 'absent' });
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toContain(second);
    await host.remove();
  });
});

describe.concurrent('the result of an edge module', () => {
  test.each<[string, EdgeKind]>([
    ['groups', GROUPS],
    ['users', USERS],
    ['commands', COMMANDS],
  ])('the result for %s has a diff only with --diff or _ansible_diff', async (_, kind) => {
    const host = await enrolEdgeHost(emulator, kind);
    const id = createTarget(emulator.store, kind);
    const plain = await host.run([{ id }], {}, { flags: [] });
    expect(plain).not.toHaveProperty('diff');
    const withDiff = await host.run(
      [{ id }],
      { state: 'absent', _ansible_diff: true },
      { flags: [] },
    );
    expect(withDiff.diff).toBeDefined();
    await host.remove();
  });
});
