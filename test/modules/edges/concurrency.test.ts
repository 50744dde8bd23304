import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Fault, FaultTarget } from '../../emulator/faults.ts';
import { test } from '../../harness/fixture.ts';
import { type EdgeHost, enrolFor, writesOf } from './edge-host.ts';
import {
  COMMANDS,
  deleteTarget,
  type EdgeKind,
  edgeAttributesOf,
  GROUPS,
  KINDS,
  listed,
  newTarget,
  newTargets,
  type Sudo,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

const WITHOUT_SUDO: Sudo = { sudo: false, sudo_without_password: false };
const WITH_SUDO: Sudo = { sudo: true, sudo_without_password: false };
const WITHOUT_PASSWORD: Sudo = { sudo: true, sudo_without_password: true };

// Many processes on few cores: on a busy machine a test takes long without being stuck.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

const isPost = ({ method }: FaultTarget) => method === 'POST';
const isRead = ({ method }: FaultTarget) => method === 'GET';

/** Makes a change as someone else, just before the host's next write arrives. */
function beforeWrite(host: EdgeHost, change: () => void): void {
  host.fault({ when: isPost, fault: { kind: 'concurrent', when: 'before', change } });
}

/** Returns the lists of written edges in a result. Only some modules have `updated`. */
function lists(
  kind: EdgeKind,
  written: Partial<Record<'added' | 'updated' | 'removed', string[]>>,
) {
  const none = { added: [], removed: [], ...(kind !== GROUPS && { updated: [] }) };
  return { ...none, ...written, changed: Object.keys(written).length > 0 };
}

/** Faults that lose the answer to a write that took effect. */
const LOST_ANSWERS: readonly [name: string, fault: Fault][] = [
  ['a cut connection', { kind: 'reset-after' }],
  ['a gateway that answers 502', { kind: 'status', status: 502, applied: true }],
];

describe.concurrent('an edge that someone else changes during the run', () => {
  test.each(KINDS)(
    'an edge that someone else adds first is not reported as added ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      beforeWrite(host, () => host.addEdge(id));
      const answer = await host.run([{ id }]);
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject({
        ...lists(kind, {}),
        msg: 'Nothing to change.',
        [kind.field]: [listed(kind, id)],
      });
      expect(host.takeRequests().map(({ status }) => status)).toEqual([200, 409, 200]);
      await host.remove();
    },
  );

  test.each(KINDS)(
    'an edge that someone else removes first is not reported as removed ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      host.addEdge(id);
      beforeWrite(host, () => host.removeEdge(id));
      const answer = await host.run([{ id }], { state: 'absent' });
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject({ ...lists(kind, {}), [kind.field]: [] });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([404]);
      await host.remove();
    },
  );

  test.each(KINDS)(
    'only the edge that this run added is reported as added ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const [byOther = '', byRun = '', unwanted = ''] = newTargets(emulator.store, kind, 3);
      host.addEdge(unwanted);
      beforeWrite(host, () => host.addEdge(byOther));
      const answer = await host.run([{ id: byOther }, { id: byRun }], { exclusive: true });
      expect(answer).toMatchObject(lists(kind, { added: [byRun], removed: [unwanted] }));
      expect([...host.edges().keys()].sort()).toEqual([byOther, byRun].sort());
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'an edge that someone else adds with another sudo is updated ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      beforeWrite(host, () => host.addEdge(id, edgeAttributesOf(WITHOUT_PASSWORD)));
      const answer = await host.run([{ id, ...WITH_SUDO }]);
      expect(answer).toMatchObject({
        ...lists(kind, { updated: [id] }),
        [kind.field]: [listed(kind, id, WITH_SUDO)],
      });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([409, 204]);
      expect(host.edges().get(id)).toEqual(edgeAttributesOf(WITH_SUDO));
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'an edge that someone else adds keeps a sudo that is not managed ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      beforeWrite(host, () => host.addEdge(id, edgeAttributesOf(WITHOUT_PASSWORD)));
      const answer = await host.run([{ id }]);
      expect(answer).toMatchObject({
        ...lists(kind, {}),
        [kind.field]: [listed(kind, id, WITHOUT_PASSWORD)],
      });
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'an edge that someone else removes before its update is added again ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      host.addEdge(id, edgeAttributesOf(WITH_SUDO));
      beforeWrite(host, () => host.removeEdge(id));
      const answer = await host.run([{ id, ...WITHOUT_PASSWORD }]);
      expect(answer).toMatchObject({
        ...lists(kind, { added: [id] }),
        [kind.field]: [{ id, ...WITHOUT_PASSWORD }],
      });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([404, 204]);
      expect(host.edges().get(id)).toEqual(edgeAttributesOf(WITHOUT_PASSWORD));
      await host.remove();
    },
  );

  test('a user whom someone else unbinds before an update is bound again without sudo', async () => {
    const host = await enrolFor(emulator, USERS);
    const id = newTarget(emulator.store, USERS);
    host.addEdge(id, edgeAttributesOf(WITH_SUDO));
    beforeWrite(host, () => host.removeEdge(id));
    const answer = await host.run([{ id, sudo: false }]);
    expect(answer).toMatchObject({
      ...lists(USERS, { added: [id] }),
      users: [{ id, ...WITHOUT_SUDO }],
    });
    await host.remove();
  });

  test('exclusive removes a user whom someone else binds during the run', async () => {
    const host = await enrolFor(emulator, USERS);
    const [desired = '', unwanted = ''] = newTargets(emulator.store, USERS, 2);
    beforeWrite(host, () => host.addEdge(unwanted));
    const answer = await host.run([{ id: desired }], { exclusive: true });
    expect(answer).toMatchObject(lists(USERS, { added: [desired], removed: [unwanted] }));
    expect([...host.edges().keys()]).toEqual([desired]);
    await host.remove();
  });
});

describe.concurrent('an object that is deleted during the run', () => {
  test.each(KINDS)(
    'adding an edge to a deleted object fails with not_found and its id ($target)',
    async (kind) => {
      const { store } = emulator;
      const host = await enrolFor(emulator, kind);
      const id = newTarget(store, kind);
      beforeWrite(host, () => deleteTarget(store, host.systemId, kind, id));
      const answer = await host.run([{ id }]);
      expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'not_found' } });
      expect(answer.msg).toContain(`${kind.target.replace('_', ' ')} ${id}`);
      await host.remove();
    },
  );

  test.each(KINDS)(
    'removing an edge to a deleted object succeeds and changes nothing ($target)',
    async (kind) => {
      const { store } = emulator;
      const host = await enrolFor(emulator, kind);
      const id = newTarget(store, kind);
      host.addEdge(id);
      beforeWrite(host, () => deleteTarget(store, host.systemId, kind, id));
      const answer = await host.run([{ id }], { state: 'absent' });
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject({ ...lists(kind, {}), [kind.field]: [] });
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'updating an edge to a deleted object fails with not_found and its id ($target)',
    async (kind) => {
      const { store } = emulator;
      const host = await enrolFor(emulator, kind);
      const id = newTarget(store, kind);
      host.addEdge(id);
      beforeWrite(host, () => deleteTarget(store, host.systemId, kind, id));
      const answer = await host.run([{ id, ...WITH_SUDO }]);
      expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'not_found' } });
      expect(answer.msg).toContain(id);
      await host.remove();
    },
  );
});

describe.concurrent('a write whose answer is lost', () => {
  const rows = [GROUPS, USERS, COMMANDS].flatMap((kind) =>
    LOST_ANSWERS.map(([how, fault]) => [kind.option, how, { kind, fault }] as const),
  );
  test.each(rows)(
    'writes to %s are reported as changes although %s loses the answer',
    async (_option, _how, { kind, fault }) => {
      const host = await enrolFor(emulator, kind);
      const id = newTarget(emulator.store, kind);
      host.fault({ when: isPost, fault });
      expect(await host.run([{ id }])).toMatchObject(lists(kind, { added: [id] }));
      expect(
        host
          .takeRequests()
          .map(({ status }) => status)
          .slice(1),
      ).toEqual([fault.kind === 'status' ? fault.status : 0, 409, 200]);
      host.fault({ when: isPost, fault });
      const gone = await host.run([{ id }], { state: 'absent' });
      expect(gone).toMatchObject(lists(kind, { removed: [id] }));
      expect(writesOf(host.takeRequests()).map(({ status }) => status)[1]).toBe(404);
      await host.remove();
    },
  );

  test('an update is reported as a change although a cut connection loses the answer', async () => {
    const host = await enrolFor(emulator, USERS);
    const id = newTarget(emulator.store, USERS);
    host.addEdge(id);
    host.fault({ when: isPost, fault: { kind: 'reset-after' } });
    expect(await host.run([{ id, ...WITH_SUDO }])).toMatchObject(lists(USERS, { updated: [id] }));
    await host.remove();
  });
});

describe.concurrent('a run with a refused write', () => {
  /** Lets JumpCloud refuse the next write of the edge to an object. */
  const refuse = (host: EdgeHost, id: string) =>
    host.fault({
      when: ({ method, url, body }) =>
        method === 'POST' && (url.includes(id) || Object(body).id === id),
      fault: { kind: 'status', status: 400, text: '{"message":"Not today"}' },
    });

  test.each(KINDS)(
    'a refused edge is reported, others are added, and the next run adds the refused one ($target)',
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

  test('a refused removal does not stop additions, updates and other removals', async () => {
    const host = await enrolFor(emulator, USERS);
    const [a = '', b = '', c = '', d = '', e = ''] = newTargets(emulator.store, USERS, 5);
    for (const id of [b, d, e]) host.addEdge(id);
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

  test('a run whose only write is refused reports no change', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const id = newTarget(emulator.store, GROUPS);
    refuse(host, id);
    const failed = await host.run([{ id }]);
    expect(failed).toMatchObject({ changed: false, failed: true, error: { code: 'rejected' } });
    await host.remove();
  });

  test('a run that fails to read back reports its writes', async () => {
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
  /** Makes a change after the first page was sent. */
  const afterFirstPage = (host: EdgeHost, change: () => void) =>
    host.fault({ when: isRead, fault: { kind: 'concurrent', when: 'after', change } });

  test.each([GROUPS, USERS, COMMANDS])(
    'an edge that moves to an earlier page during the read is still found ($target)',
    async (kind) => {
      const host = await enrolFor(emulator, kind);
      const ids = newTargets(emulator.store, kind, 150);
      for (const id of ids) host.addEdge(id);
      // The desired edge moves from the second page to the first, which was read already.
      const [first = '', desired = ''] = [ids[0], ids[100]];
      afterFirstPage(host, () => host.removeEdge(first));
      const answer = await host.run([{ id: desired }]);
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject(lists(kind, {}));
      expect(answer[kind.field]).toEqual(ids.slice(1).map((id) => listed(kind, id)));
      expect(writesOf(host.takeRequests())).toEqual([]);
      await host.remove();
    },
  );

  test('an edge that is added to an earlier page during the read is listed', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const [early = '', ...ids] = newTargets(emulator.store, GROUPS, 151);
    for (const id of ids) host.addEdge(id);
    afterFirstPage(host, () => host.addEdge(early));
    const answer = await host.run([{ id: ids.at(-1) ?? '' }]);
    expect(answer).toMatchObject({ ...lists(GROUPS, {}), groups: [early, ...ids] });
    await host.remove();
  });

  test('exclusive removes an edge that moves to an earlier page during the read', async () => {
    const host = await enrolFor(emulator, COMMANDS);
    const ids = newTargets(emulator.store, COMMANDS, 103);
    for (const id of ids) host.addEdge(id);
    const [gone = '', missed = ''] = [ids[0], ids[100]];
    afterFirstPage(host, () => host.removeEdge(gone));
    const answer = await host.run([{ id: ids[1] ?? '' }], { exclusive: true });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer['removed']).toContain(missed);
    expect(answer['removed']).not.toContain(gone);
    expect([...host.edges().keys()]).toEqual([ids[1]]);
    await host.remove();
  });
});

describe.concurrent('a write that does not become visible', () => {
  // Each kind takes ten seconds, so all run at the same time.
  test('a write that is not visible after ten seconds fails with not_applied', async () => {
    await Promise.all([GROUPS, USERS, COMMANDS].map(verifyNotApplied));
  });

  async function verifyNotApplied(kind: EdgeKind): Promise<void> {
    const host = await enrolFor(emulator, kind);
    const [desired = '', unwanted = ''] = newTargets(emulator.store, kind, 2);
    host.addEdge(unwanted);
    host.fault({ when: isPost, times: 2, fault: { kind: 'ignored-write' } });
    const answer = await host.run([{ id: desired }], { exclusive: true });
    const missing = [
      { op: 'add', id: desired },
      { op: 'remove', id: unwanted },
    ];
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_applied', missing } });
    const requests = host.takeRequests();
    const writes = writesOf(requests);
    const waited = (requests.at(-1)?.startedAt ?? 0) - (writes.at(-1)?.startedAt ?? 0);
    expect(waited).toBeGreaterThan(9500);
    // The timeout of 120 s would end the run, too, so the wait must be far shorter.
    expect(waited).toBeLessThan(60_000);
    expect(writes).toHaveLength(2);
    await host.remove();
  }

  test('a write that someone else undoes is not repeated', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const id = newTarget(emulator.store, GROUPS);
    const change = () => host.removeEdge(id);
    host.fault({ when: isPost, fault: { kind: 'concurrent', when: 'after', change } });
    const answer = await host.run([{ id }]);
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_applied' } });
    expect(writesOf(host.takeRequests())).toHaveLength(1);
    await host.remove();
  });
});

describe.concurrent('a graph that shows writes late', () => {
  test('a graph that lags by 1.5 s is read again until it shows the writes', async ({
    startWith,
  }) => {
    const lagging = await startWith({ observeLag: 1500 });
    await Promise.all(KINDS.map((kind) => verifyWaits(lagging, kind)));
  });

  async function verifyWaits(lagging: Emulator, kind: EdgeKind): Promise<void> {
    const host = await enrolFor(lagging, kind);
    const [desired = '', unwanted = ''] = newTargets(lagging.store, kind, 2);
    host.addEdge(unwanted);
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

  test('an update that becomes necessary late in the run gets the full waiting time', async ({
    startWith,
  }) => {
    const lagging = await startWith({ observeLag: 4000 });
    const host = await enrolFor(lagging, USERS);
    const [a = '', b = ''] = newTargets(lagging.store, USERS, 2);
    // The graph shows nothing for four seconds. Then the sudo of the second user is wrong.
    const change = () => host.addEdge(b, edgeAttributesOf(WITHOUT_PASSWORD));
    const isOfB = (request: FaultTarget) => isPost(request) && Object(request.body).id === b;
    host.fault({ when: isOfB, fault: { kind: 'concurrent', when: 'before', change } });
    const answer = await host.run([{ id: a }, { id: b, ...WITH_SUDO }]);
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject(lists(USERS, { added: [a], updated: [b] }));
    const statuses = writesOf(host.takeRequests()).map(({ status }) => status);
    // The first two writes arrive in any order.
    expect([...statuses.slice(0, 2).sort(), ...statuses.slice(2)]).toEqual([204, 409, 204]);
    await host.remove();
  });
});
