import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Fault, FaultTarget } from '../../emulator/faults.ts';
import { test } from '../../harness/fixture.ts';
import { type EdgeHost, enrolFor, writesOf } from './edge-host.ts';
import {
  attributesOf,
  COMMANDS,
  deleteTarget,
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

const NO: Sudo = { sudo: false, sudo_without_password: false };
const WITH: Sudo = { sudo: true, sudo_without_password: false };
const FREE: Sudo = { sudo: true, sudo_without_password: true };

// Many processes on few cores: on a busy machine a test takes long without being stuck.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

const isWrite = ({ method }: FaultTarget) => method === 'POST';
const isRead = ({ method }: FaultTarget) => method === 'GET';

/** Somebody else does something just before the next write of the host arrives. */
function beforeTheWrite(host: EdgeHost, change: () => void): void {
  host.fault({ when: isWrite, fault: { kind: 'concurrent', when: 'before', change } });
}

/** What the run says was written, where the module has a list for it. */
function lists(
  kind: EdgeKind,
  written: Partial<Record<'added' | 'updated' | 'removed', string[]>>,
) {
  const none = { added: [], removed: [], ...(kind !== GROUPS && { updated: [] }) };
  return { ...none, ...written, changed: Object.keys(written).length > 0 };
}

/** Ways to lose the answer to a write that took effect. */
const LOST: readonly [name: string, fault: Fault][] = [
  ['a cut connection', { kind: 'reset-after' }],
  ['a gateway that answers 502', { kind: 'status', status: 502, applied: true }],
];

describe.concurrent('somebody else was faster', () => {
  test.each(KINDS)('to add: agreement, and not ours ($target)', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const id = newTarget(emulator.store, kind);
    beforeTheWrite(host, () => host.tie(id));
    const answer = await host.run([{ id }]);
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject({
      ...lists(kind, {}),
      msg: 'Nothing to change.',
      [kind.field]: [listed(kind, id)],
    });
    expect(host.takeRequests().map(({ status }) => status)).toEqual([200, 409, 200]);
    await host.remove();
  });

  test.each(KINDS)('to remove: agreement, and not ours ($target)', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const id = newTarget(emulator.store, kind);
    host.tie(id);
    beforeTheWrite(host, () => host.cut(id));
    const answer = await host.run([{ id }], { state: 'absent' });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject({ ...lists(kind, {}), [kind.field]: [] });
    expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([404]);
    await host.remove();
  });

  test.each(KINDS)('of two, only ours counts ($target)', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const [theirs = '', ours = '', gone = ''] = newTargets(emulator.store, kind, 3);
    host.tie(gone);
    beforeTheWrite(host, () => host.tie(theirs));
    const answer = await host.run([{ id: theirs }, { id: ours }], { exclusive: true });
    expect(answer).toMatchObject(lists(kind, { added: [ours], removed: [gone] }));
    expect([...host.edges().keys()].sort()).toEqual([theirs, ours].sort());
    await host.remove();
  });

  test.each([USERS, USER_GROUPS])('with another sudo: updated ($target)', async (kind) => {
    const host = await enrolFor(emulator, kind);
    const id = newTarget(emulator.store, kind);
    beforeTheWrite(host, () => host.tie(id, attributesOf(FREE)));
    const answer = await host.run([{ id, ...WITH }]);
    expect(answer).toMatchObject({
      ...lists(kind, { updated: [id] }),
      [kind.field]: [listed(kind, id, WITH)],
    });
    expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([409, 204]);
    expect(host.edges().get(id)).toEqual(attributesOf(WITH));
    await host.remove();
  });

  test.each([USERS, USER_GROUPS])(
    'with a sudo that nobody asked about: stays ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      beforeTheWrite(host, () => host.tie(id, attributesOf(FREE)));
      const answer = await host.run([{ id }]);
      expect(answer).toMatchObject({ ...lists(kind, {}), [kind.field]: [listed(kind, id, FREE)] });
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'to remove what was to be updated: added again ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      host.tie(id, attributesOf(WITH));
      beforeTheWrite(host, () => host.cut(id));
      const answer = await host.run([{ id, ...FREE }]);
      expect(answer).toMatchObject({
        ...lists(kind, { added: [id] }),
        [kind.field]: [{ id, ...FREE }],
      });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([404, 204]);
      expect(host.edges().get(id)).toEqual(attributesOf(FREE));
      await host.remove();
    },
  );

  test('to remove what was to lose its sudo: bound again, without', async () => {
    const host = await enrolFor(emulator, USERS);
    const id = newTarget(emulator.store, USERS);
    host.tie(id, attributesOf(WITH));
    beforeTheWrite(host, () => host.cut(id));
    const answer = await host.run([{ id, sudo: false }]);
    expect(answer).toMatchObject({ ...lists(USERS, { added: [id] }), users: [{ id, ...NO }] });
    await host.remove();
  });

  test('to bind another user: exclusive takes that one away, too', async () => {
    const host = await enrolFor(emulator, USERS);
    const [desired = '', stranger = ''] = newTargets(emulator.store, USERS, 2);
    beforeTheWrite(host, () => host.tie(stranger));
    const answer = await host.run([{ id: desired }], { exclusive: true });
    expect(answer).toMatchObject(lists(USERS, { added: [desired], removed: [stranger] }));
    expect([...host.edges().keys()]).toEqual([desired]);
    await host.remove();
  });
});

describe.concurrent('an object that was deleted meanwhile', () => {
  test.each(KINDS)('cannot be added: not_found names it ($target)', async (kind) => {
    const { store } = emulator;
    const host = await enrolFor(emulator, kind);
    const id = newTarget(store, kind);
    beforeTheWrite(host, () => deleteTarget(store, host.systemId, kind, id));
    const answer = await host.run([{ id }]);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'not_found' } });
    expect(answer.msg).toContain(`${kind.target.replace('_', ' ')} ${id}`);
    await host.remove();
  });

  test.each(KINDS)('is absent as asked ($target)', async (kind) => {
    const { store } = emulator;
    const host = await enrolFor(emulator, kind);
    const id = newTarget(store, kind);
    host.tie(id);
    beforeTheWrite(host, () => deleteTarget(store, host.systemId, kind, id));
    const answer = await host.run([{ id }], { state: 'absent' });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject({ ...lists(kind, {}), [kind.field]: [] });
    await host.remove();
  });

  test.each([USERS, USER_GROUPS])(
    'cannot be updated: not_found names it ($target)',
    async (kind) => {
      const { store } = emulator;
      const host = await enrolFor(emulator, kind);
      const id = newTarget(store, kind);
      host.tie(id);
      beforeTheWrite(host, () => deleteTarget(store, host.systemId, kind, id));
      const answer = await host.run([{ id, ...WITH }]);
      expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'not_found' } });
      expect(answer.msg).toContain(id);
      await host.remove();
    },
  );
});

describe.concurrent('a write whose answer was lost is ours', () => {
  const rows = [GROUPS, USERS, COMMANDS].flatMap((kind) =>
    LOST.map(([how, fault]) => ({ kind, option: kind.option, how, fault })),
  );
  test.each(rows)('$option, by $how', async ({ kind, fault }) => {
    const host = await enrolFor(emulator, kind);
    const id = newTarget(emulator.store, kind);
    host.fault({ when: isWrite, fault });
    expect(await host.run([{ id }])).toMatchObject(lists(kind, { added: [id] }));
    expect(
      host
        .takeRequests()
        .map(({ status }) => status)
        .slice(1),
    ).toEqual([fault.kind === 'status' ? fault.status : 0, 409, 200]);
    host.fault({ when: isWrite, fault });
    const gone = await host.run([{ id }], { state: 'absent' });
    expect(gone).toMatchObject(lists(kind, { removed: [id] }));
    expect(writesOf(host.takeRequests()).map(({ status }) => status)[1]).toBe(404);
    await host.remove();
  });

  test('an update, too', async () => {
    const host = await enrolFor(emulator, USERS);
    const id = newTarget(emulator.store, USERS);
    host.tie(id);
    host.fault({ when: isWrite, fault: { kind: 'reset-after' } });
    expect(await host.run([{ id, ...WITH }])).toMatchObject(lists(USERS, { updated: [id] }));
    await host.remove();
  });
});

describe.concurrent('a run of which a part is refused', () => {
  /** JumpCloud refuses the next write about an object. */
  const refuse = (host: EdgeHost, id: string) =>
    host.fault({
      when: ({ method, url, body }) =>
        method === 'POST' && (url.includes(id) || Object(body).id === id),
      fault: { kind: 'status', status: 400, text: '{"message":"Not today"}' },
    });

  test.each(KINDS)(
    'writes the rest, says so, and the next one finishes ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const ids = newTargets(emulator.store, kind, 5);
      const desired = ids.map((id) => ({ id }));
      refuse(host, ids[2] ?? '');
      const others = ids.filter((id) => id !== ids[2]);
      const failed = await host.run(desired);
      expect(failed).toMatchObject({
        ...lists(kind, { added: others }),
        failed: true,
        error: {
          code: 'rejected',
          status: 400,
          jumpcloud_message: 'Not today',
          refused: [
            { op: 'add', type: kind.target, id: ids[2], status: 400, message: 'Not today' },
          ],
        },
      });
      expect(failed.msg).toContain(ids[2]);
      expect(failed['system_id']).toBe(host.systemId);
      expect([...host.edges().keys()].sort()).toEqual(others);
      expect(writesOf(host.takeRequests())).toHaveLength(5);

      const rest = await host.run(desired);
      expect(rest).toMatchObject(lists(kind, { added: ids.slice(2, 3) }));
      expect(writesOf(host.takeRequests())).toHaveLength(1);
      expect([...host.edges().keys()].sort()).toEqual(ids);
      await host.remove();
    },
  );

  test('adds before it takes away, and takes away the rest', async () => {
    const host = await enrolFor(emulator, USERS);
    const [a = '', b = '', c = '', d = '', e = ''] = newTargets(emulator.store, USERS, 5);
    for (const id of [b, d, e]) host.tie(id);
    refuse(host, d);
    const run = () => host.run([{ id: a }, { id: b, sudo: true }, { id: c }], { exclusive: true });
    const failed = await run();
    expect(failed).toMatchObject({
      ...lists(USERS, { added: [a, c], updated: [b], removed: [e] }),
      failed: true,
      error: { code: 'rejected', refused: [{ op: 'remove', id: d }] },
    });
    expect(await run()).toMatchObject(lists(USERS, { removed: [d] }));
    await host.remove();
  });

  test('at its first write has changed nothing', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const id = newTarget(emulator.store, GROUPS);
    refuse(host, id);
    const failed = await host.run([{ id }]);
    expect(failed).toMatchObject({ changed: false, failed: true, error: { code: 'rejected' } });
    await host.remove();
  });

  test('when reading back fails, says what was done', async () => {
    const host = await enrolFor(emulator, COMMANDS);
    const id = newTarget(emulator.store, COMMANDS);
    host.fault({ when: isRead, skip: 1, fault: { kind: 'status', status: 403 } });
    const failed = await host.run([{ id }]);
    expect(failed).toMatchObject({
      ...lists(COMMANDS, { added: [id] }),
      failed: true,
      error: { code: 'rejected', status: 403 },
    });
    await host.remove();
  });
});

describe.concurrent('a list that changes while its pages are read', () => {
  /** After the first page went out, something happens. */
  const afterTheFirstPage = (host: EdgeHost, change: () => void) =>
    host.fault({ when: isRead, fault: { kind: 'concurrent', when: 'after', change } });

  test.each([GROUPS, USERS, COMMANDS])(
    'an entry before the wanted one leaves ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const ids = newTargets(emulator.store, kind, 150);
      for (const id of ids) host.tie(id);
      // The wanted one moves from the second page to the first, which was read already.
      const [first = '', desired = ''] = [ids[0], ids[100]];
      afterTheFirstPage(host, () => host.cut(first));
      const answer = await host.run([{ id: desired }]);
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject(lists(kind, {}));
      expect(answer[kind.field]).toEqual(ids.slice(1).map((id) => listed(kind, id)));
      expect(writesOf(host.takeRequests())).toEqual([]);
      await host.remove();
    },
  );

  test('an entry before comes', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const [early = '', ...ids] = newTargets(emulator.store, GROUPS, 151);
    for (const id of ids) host.tie(id);
    afterTheFirstPage(host, () => host.tie(early));
    const answer = await host.run([{ id: ids.at(-1) ?? '' }]);
    expect(answer).toMatchObject({ ...lists(GROUPS, {}), groups: [early, ...ids] });
    await host.remove();
  });

  test('exclusive takes away what was missed at first', async () => {
    const host = await enrolFor(emulator, COMMANDS);
    const ids = newTargets(emulator.store, COMMANDS, 103);
    for (const id of ids) host.tie(id);
    const [left = '', missed = ''] = [ids[0], ids[100]];
    afterTheFirstPage(host, () => host.cut(left));
    const answer = await host.run([{ id: ids[1] ?? '' }], { exclusive: true });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer['removed']).toContain(missed);
    expect(answer['removed']).not.toContain(left);
    expect([...host.edges().keys()]).toEqual([ids[1]]);
    await host.remove();
  });
});

describe.concurrent('what does not show', () => {
  // Ten seconds for each kind, so all at the same time.
  test('is not_applied after ten seconds', async () => {
    await Promise.all([GROUPS, USERS, COMMANDS].map(isNotApplied));
  });

  async function isNotApplied(kind: EdgeKind): Promise<void> {
    const host = await enrolFor(emulator, kind);
    const [desired = '', unwanted = ''] = newTargets(emulator.store, kind, 2);
    host.tie(unwanted);
    host.fault({ when: isWrite, times: 2, fault: { kind: 'ignored-write' } });
    const answer = await host.run([{ id: desired }], { exclusive: true });
    const missing = [
      { op: 'add', id: desired },
      { op: 'remove', id: unwanted },
    ];
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_applied', missing } });
    const requests = host.takeRequests();
    const writes = writesOf(requests);
    const patience = (requests.at(-1)?.startedAt ?? 0) - (writes.at(-1)?.startedAt ?? 0);
    expect(patience).toBeGreaterThan(9500);
    // Far below the budget of 120 s, which would be the other thing to end it.
    expect(patience).toBeLessThan(60_000);
    expect(writes).toHaveLength(2);
    await host.remove();
  }

  test('because somebody undoes it is not fought over', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const id = newTarget(emulator.store, GROUPS);
    const change = () => host.cut(id);
    host.fault({ when: isWrite, fault: { kind: 'concurrent', when: 'after', change } });
    const answer = await host.run([{ id }]);
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_applied' } });
    expect(writesOf(host.takeRequests())).toHaveLength(1);
    await host.remove();
  });
});

describe.concurrent('a graph that lags', () => {
  test('by 1.5 s is waited for', async ({ startWith }) => {
    const lagging = await startWith({ observeLag: 1500 });
    await Promise.all(KINDS.map((kind) => waitsFor(lagging, kind)));
  });

  async function waitsFor(lagging: Emulator, kind: EdgeKind): Promise<void> {
    const host = await enrolFor(lagging, kind);
    const [desired = '', unwanted = ''] = newTargets(lagging.store, kind, 2);
    host.tie(unwanted);
    const answer = await host.run([{ id: desired }], { exclusive: true });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject({
      ...lists(kind, { added: [desired], removed: [unwanted] }),
      [kind.field]: [listed(kind, desired)],
    });
    const requests = host.takeRequests();
    expect(writesOf(requests)).toHaveLength(2);
    const reads = requests.filter(({ method, url }) => method === 'GET' && !/\/users\?/.test(url));
    expect(reads.length).toBeGreaterThan(2);
    await host.remove();
  }

  test('is given its time anew for what has to be put right late', async ({ startWith }) => {
    const lagging = await startWith({ observeLag: 4000 });
    const host = await enrolFor(lagging, USERS);
    const [a = '', b = ''] = newTargets(lagging.store, USERS, 2);
    // Nothing of this shows for four seconds, and then the sudo of the second one is wrong.
    const change = () => host.tie(b, attributesOf(FREE));
    const isOfB = (request: FaultTarget) => isWrite(request) && Object(request.body).id === b;
    host.fault({ when: isOfB, fault: { kind: 'concurrent', when: 'before', change } });
    const answer = await host.run([{ id: a }, { id: b, ...WITH }]);
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject(lists(USERS, { added: [a], updated: [b] }));
    const statuses = writesOf(host.takeRequests()).map(({ status }) => status);
    // The first two overtake one another.
    expect([...statuses.slice(0, 2).sort(), ...statuses.slice(2)]).toEqual([204, 409, 204]);
    await host.remove();
  });
});
