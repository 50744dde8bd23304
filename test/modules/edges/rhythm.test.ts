import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { newId } from '../../emulator/store.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import { type Answer, predictionOf } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { type EdgeHost, enrolFor, writesOf } from './edge-host.ts';
import {
  attributesOf,
  COMMANDS,
  type DesiredState,
  type EdgeKind,
  GROUPS,
  KINDS,
  listed,
  newTarget,
  newTargets,
  type Sudo,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

const WITH: Sudo = { sudo: true, sudo_without_password: false };
const FREE: Sudo = { sudo: true, sudo_without_password: true };

// Many processes on few cores: on a busy machine a test takes long without being stuck.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

const bodiesOf = (requests: readonly LoggedRequest[]) => writesOf(requests).map(({ body }) => body);

/**
 * One step of the rhythm: predicted without a write, done as predicted, and done again without
 * a change. Gives the answer of the run that did it.
 */
async function step(
  host: EdgeHost,
  desired: readonly DesiredState[],
  rest: Record<string, unknown>,
  writes: number,
): Promise<Answer> {
  host.takeRequests();
  const was = host.edges();
  const predicted = await host.run(desired, rest, { flags: ['--check', '--diff'] });
  expect(writesOf(host.takeRequests())).toEqual([]);
  expect(host.edges()).toEqual(was);

  const done = await host.run(desired, rest);
  expect(done.failed, done.msg).toBeUndefined();
  expect(predicted).toEqual(predictionOf(done));
  expect(done.changed).toBe(writes > 0);
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
  expect(again.diff?.after).toEqual(done.diff?.after);
  return done;
}

describe.concurrent('the rhythm of', () => {
  // Policies and policy groups take the path of commands, and appear with the failures below.
  test.each([GROUPS, USERS, USER_GROUPS, COMMANDS])('$module with $target', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const elsewhere = host.everythingElse();
    const [a = '', b = '', c = '', other = ''] = newTargets(emulator.store, kind, 4);
    host.tie(other);
    const withSudo = kind.sudo !== 'none';
    const list = (...ids: string[]) => ids.map((id) => listed(kind, id));
    const diffOf = (...ids: string[]) => ({
      [kind.option]: kind.target === 'system_group' ? ids : ids.map((id) => ({ id })),
    });
    // Where the module has it, what was updated: nothing, unless said otherwise.
    const none = kind.target === 'system_group' ? {} : { updated: [] };

    const bad = await host.run([{ id: 'web' }]);
    expect(bad).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'invalid_arguments' },
    });
    expect(host.takeRequests()).toEqual([]);

    const first = await step(host, [{ id: b }, { id: a }], {}, 2);
    expect(first).toMatchObject({ added: [b, a], ...none, removed: [], warnings: [] });
    expect(first[kind.field]).toEqual(list(...[a, b, other].sort()));
    expect(first.diff).toEqual({ before: diffOf(), after: diffOf(a, b) });
    expect(first.msg).toBe(`Changed ${kind.field}: 2 added.`);
    expect(first['system_id']).toBe(host.systemId);

    if (withSudo) {
      const changed = await step(host, [{ id: a, ...WITH }], {}, 1);
      expect(changed).toMatchObject({ added: [], updated: [a], removed: [] });
      expect(changed.diff).toEqual({
        before: { [kind.option]: [listed(kind, a)] },
        after: { [kind.option]: [{ id: a, ...WITH }] },
      });
      expect(host.edges().get(a)).toEqual(attributesOf(WITH));
      expect(host.edges().get(b)).toBeUndefined();
      await step(host, [{ id: a, sudo: false }], {}, 1);
    }

    const more = await step(host, [{ id: a }, { id: c }], {}, 1);
    expect(more).toMatchObject({ added: [c], ...none, removed: [] });
    expect(more.diff).toEqual({ before: diffOf(a), after: diffOf(a, c) });

    const less = await step(host, [{ id: a }, { id: newId() }], { state: 'absent' }, 1);
    expect(less).toMatchObject({ added: [], ...none, removed: [a] });
    expect(less[kind.field]).toEqual(list(...[b, c, other].sort()));
    expect(less.diff).toEqual({ before: diffOf(a), after: diffOf() });

    const only = await step(host, [{ id: a }, { id: c }], { exclusive: true }, 3);
    expect(only['added']).toEqual([a]);
    expect([...(only['removed'] as string[])].sort()).toEqual([b, other].sort());
    expect(only.diff).toEqual({ before: diffOf(...[b, c, other].sort()), after: diffOf(a, c) });
    expect(only.msg).toBe(`Changed ${kind.field}: 1 added, 2 removed.`);
    expect([...host.edges().keys()].sort()).toEqual([a, c]);

    const empty = await step(host, [], { exclusive: true }, 2);
    expect(empty).toMatchObject({ added: [], ...none, [kind.field]: [] });
    expect(empty.diff).toEqual({ before: diffOf(a, c), after: diffOf() });

    expect(await host.run([])).toMatchObject({ changed: false });
    expect(await host.run([], { state: 'absent' })).toMatchObject({ changed: false });
    expect(writesOf(host.takeRequests())).toEqual([]);
    expect(host.edges().size).toBe(0);
    expect(host.everythingElse()).toEqual(elsewhere);
    await host.remove();
  });

  test.each(KINDS)('failures of $module with $target', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const unknown = newId();
    const known = newTarget(emulator.store, kind);
    const missing = await host.run([{ id: unknown }, { id: known }]);
    expect(missing).toMatchObject({
      changed: true,
      failed: true,
      added: [known],
      error: { code: 'not_found', status: 404, refused: [{ id: unknown, status: 404 }] },
    });
    expect(missing.msg).toContain(`${kind.target.replace('_', ' ')} ${unknown}`);
    expect([...host.edges().keys()]).toEqual([known]);
    host.cut(known);

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
  });

  test.each([GROUPS, USERS, COMMANDS])('spellings of ids in $module', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const [a = '', b = ''] = newTargets(emulator.store, kind, 2);
    const upper = a.toUpperCase();
    const twice = await host.run([{ id: upper }, { id: a }]);
    if (kind.sudo === 'each') {
      expect(twice).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
      expect(twice.msg).toContain(`${a} is named twice`);
    } else {
      expect(twice['added']).toEqual([a]);
    }
    expect(writesOf(host.takeRequests())).toHaveLength(kind.sudo === 'each' ? 0 : 1);
    host.tie(a);
    // As in a task's one-line form: one text with commas.
    const text = await host.run([], { [kind.option]: ` ${upper} , ${b}` });
    expect(text['added']).toEqual([b]);
    expect(text[kind.field]).toEqual([listed(kind, a), listed(kind, b)]);
    expect(await host.run([{ id: upper }], { state: 'absent' })).toMatchObject({ removed: [a] });
    await host.remove();
  });
});

describe.concurrent('sudo', () => {
  const NO: Sudo = { sudo: false, sudo_without_password: false };
  // For each wish, what it makes of a new edge (undefined: one without attributes), of one
  // without attributes, of one with none, with sudo, and with sudo without password (undefined:
  // nothing is written).
  type Made = Sudo | undefined;
  const rows: [sudo: Partial<Sudo>, made: [Made, Made, Made, Made, Made]][] = [
    [{}, [undefined, undefined, undefined, undefined, undefined]],
    [{ sudo_without_password: false }, [undefined, undefined, undefined, undefined, WITH]],
    [{ sudo: false }, [undefined, undefined, undefined, NO, NO]],
    [NO, [undefined, undefined, undefined, NO, NO]],
    [{ sudo: true }, [WITH, WITH, WITH, undefined, undefined]],
    [WITH, [WITH, WITH, WITH, undefined, WITH]],
    [FREE, [FREE, FREE, FREE, FREE, undefined]],
  ];
  const carried = [undefined, undefined, NO, WITH, FREE];
  const cases = [USERS, USER_GROUPS].flatMap((kind) =>
    rows.map(([sudo, made]) => ({ kind, target: kind.target, sudo, made })),
  );

  test.each(cases)(
    'on the edge to a $target, asked as $sudo',
    async ({ kind, sudo: asked, made }) => {
      const host = await enrolFor(emulator, kind);
      const ids = newTargets(emulator.store, kind, carried.length);
      const [added = '', ...existing] = ids;
      carried.slice(1).forEach((sudo, i) => {
        host.tie(ids[i + 1] ?? '', sudo && attributesOf(sudo));
      });
      const desired = ids.map((id) => ({ id, ...asked }));
      const updated = existing.filter((_, i) => made[i + 1] !== undefined);
      const writes = [added, ...updated].map((id) => {
        const sudo = made[ids.indexOf(id)];
        const op = id === added ? 'add' : 'update';
        return { op, type: kind.target, id, ...(sudo && { attributes: attributesOf(sudo) }) };
      });

      const done = await host.run(desired);
      // They overtake one another.
      expect(new Set(bodiesOf(host.takeRequests()))).toEqual(new Set(writes));
      const after = ids.map((id, i) => ({ id, ...(made[i] ?? carried[i] ?? NO) }));
      expect(done).toMatchObject({ [kind.field]: after, added: [added], updated, removed: [] });

      const again = await host.run(desired);
      expect(bodiesOf(host.takeRequests())).toEqual([]);
      expect(again).toMatchObject({ changed: false, [kind.field]: after });
      await host.remove();
    },
  );

  test('of several users, each as asked', async () => {
    const host = await enrolFor(emulator, USERS);
    const [a = '', b = '', c = '', d = ''] = newTargets(emulator.store, USERS, 4);
    host.tie(a, attributesOf(FREE));
    host.tie(b, attributesOf(WITH));
    const done = await host.run([{ id: a, sudo: false }, { id: b }, { id: c, ...FREE }, { id: d }]);
    expect(done).toMatchObject({ added: [c, d], updated: [a], removed: [] });
    expect(done.diff).toEqual({
      before: { users: [{ id: a, ...FREE }, { id: b }] },
      after: { users: [{ id: a, ...NO }, { id: b }, { id: c, ...FREE }, { id: d }] },
    });
    await host.remove();
  });
});

describe.concurrent('access that remains through a user group', () => {
  const readsOfUsers = (requests: readonly LoggedRequest[]) =>
    requests.filter(({ url }) => /\/users\?/.test(url)).length;

  /** A host, a user bound to it directly, and another way in for that user. */
  async function bound(
    way: 'user group' | 'system group' | 'user group of a system group' | 'none',
  ) {
    const { store } = emulator;
    const host = await enrolFor(emulator, USERS);
    const user = store.addUser();
    const userGroup = store.addUserGroup(way === 'none' ? [] : [user]);
    const group = store.addGroup();
    host.tie(user);
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
  const allDesired = ['absent', 'exclusive'] as const;
  const rows = ways.flatMap((way) => allDesired.map((desired) => ({ way, desired })));

  test.each(rows)('$way, after $desired', async ({ way, desired }) => {
    const { host, user, named } = await bound(way);
    const kept = newTarget(emulator.store, USERS);
    const run = (...flags: string[]) =>
      desired === 'absent'
        ? host.run([{ id: user }], { state: 'absent' }, { flags })
        : host.run([{ id: kept }], { exclusive: true }, { flags });
    for (const flags of [['--check'], [], []]) {
      const { warnings } = await run(...flags);
      const requests = host.takeRequests();
      const about = warnings.filter((warning) => warning.includes(`User ${user} `));
      expect(about).toHaveLength(named.length);
      for (const name of named) expect(about[0]).toContain(name);
      expect(readsOfUsers(requests)).toBe(1);
    }
    expect(host.edges().has(user)).toBe(false);
    await host.remove();
  });

  test('is not looked for when nothing was asked to be absent', async () => {
    const { host, user } = await bound('user group');
    const answers = [
      await host.run([{ id: user, sudo: true }]),
      await host.run([]),
      await host.run([], { state: 'absent' }),
    ];
    expect(readsOfUsers(host.takeRequests())).toBe(0);
    expect(answers.map(({ warnings }) => warnings)).toEqual([[], [], []]);
    await host.remove();
  });

  test('names no user who is wanted, and nobody that absent did not name', async () => {
    const { host, user } = await bound('user group');
    const about = ({ warnings }: Answer) => warnings.filter((text) => text.includes(user));
    expect(about(await host.run([{ id: user }], { exclusive: true }))).toEqual([]);
    expect(about(await host.run([{ id: newId() }], { state: 'absent' }))).toEqual([]);
    await host.remove();
  });

  test('names every group that lets the user in', async () => {
    const { host, user } = await bound('user group');
    const second = emulator.store.addUserGroup([user]);
    emulator.store.associate(host.systemId, 'user_group', second, attributesOf(FREE));
    const { warnings } = await host.run([{ id: user }], { state: 'absent' });
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toContain(second);
    await host.remove();
  });
});

describe.concurrent('the result', () => {
  test.each<[string, EdgeKind]>([
    ['groups', GROUPS],
    ['users', USERS],
    ['commands', COMMANDS],
  ])('has no diff unless asked for one: %s', async (_, kind) => {
    const host = await enrolFor(emulator, kind);
    const id = newTarget(emulator.store, kind);
    const silent = await host.run([{ id }], {}, { flags: [] });
    expect(silent).not.toHaveProperty('diff');
    const asked = await host.run([{ id }], { state: 'absent', _ansible_diff: true }, { flags: [] });
    expect(asked.diff).toBeDefined();
    await host.remove();
  });
});
