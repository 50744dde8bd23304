import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Fault, FaultTarget } from '../../emulator/faults.ts';
import { test } from '../../harness/fixture.ts';
import { type EdgeHost, enrolEdgeHost, writesOf } from './edge-host.ts';
import {
  COMMANDS,
  createTarget,
  createTargets,
  deleteTarget,
  type EdgeKind,
  edgeAttributesOf,
  GROUPS,
  KINDS,
  type Sudo,
  toResultEdge,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

const NO_SUDO: Sudo = { sudo: false, sudo_without_password: false };
const SUDO: Sudo = { sudo: true, sudo_without_password: false };
const SUDO_WITHOUT_PASSWORD: Sudo = { sudo: true, sudo_without_password: true };

// A busy machine needs a long time for many processes, so the time limit is high.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

const isPost = ({ method }: FaultTarget) => method === 'POST';
const isRead = ({ method }: FaultTarget) => method === 'GET';

/** Makes a change as someone else, just before the next write of the host takes effect. */
function changeBeforeWrite(host: EdgeHost, change: () => void): void {
  host.fault({ when: isPost, fault: { kind: 'concurrent', when: 'before', change } });
}

/** Returns the expected lists of written edges. Results for groups have no `updated`. */
function expectedLists(
  kind: EdgeKind,
  written: Partial<Record<'added' | 'updated' | 'removed', string[]>>,
) {
  const none = { added: [], removed: [], ...(kind !== GROUPS && { updated: [] }) };
  return { ...none, ...written, changed: Object.keys(written).length > 0 };
}

/** Faults that make a write take effect without an answer. */
const LOST_ANSWERS: readonly [name: string, fault: Fault][] = [
  ['a cut connection', { kind: 'reset-after' }],
  ['a gateway that answers 502', { kind: 'status', status: 502, applied: true }],
];

describe.concurrent('an edge that someone else changes during the run', () => {
  test.each(KINDS)(
    'an edge that someone else adds during the run is not reported as added ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(emulator.store, kind);
      changeBeforeWrite(host, () => host.addEdge(id));
      const answer = await host.run([{ id }]);
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject({
        ...expectedLists(kind, {}),
        msg: 'Nothing to change.',
        [kind.field]: [toResultEdge(kind, id)],
      });
      expect(host.takeRequests().map(({ status }) => status)).toEqual([200, 409, 200]);
      await host.remove();
    },
  );

  test.each(KINDS)(
    'an edge that someone else removes during the run is not reported as removed ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(emulator.store, kind);
      host.addEdge(id);
      changeBeforeWrite(host, () => host.removeEdge(id));
      const answer = await host.run([{ id }], { state: 'absent' });
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject({ ...expectedLists(kind, {}), [kind.field]: [] });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([404]);
      await host.remove();
    },
  );

  test.each(KINDS)(
    'only the edge that this run added is reported as added ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const [byOther = '', byRun = '', unwanted = ''] = createTargets(emulator.store, kind, 3);
      host.addEdge(unwanted);
      changeBeforeWrite(host, () => host.addEdge(byOther));
      const answer = await host.run([{ id: byOther }, { id: byRun }], { exclusive: true });
      expect(answer).toMatchObject(expectedLists(kind, { added: [byRun], removed: [unwanted] }));
      expect([...host.edges().keys()].sort()).toEqual([byOther, byRun].sort());
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'if someone else adds an edge with other sudo attributes than desired, the run updates the edge ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(emulator.store, kind);
      changeBeforeWrite(host, () => host.addEdge(id, edgeAttributesOf(SUDO_WITHOUT_PASSWORD)));
      const answer = await host.run([{ id, ...SUDO }]);
      expect(answer).toMatchObject({
        ...expectedLists(kind, { updated: [id] }),
        [kind.field]: [toResultEdge(kind, id, SUDO)],
      });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([409, 204]);
      expect(host.edges().get(id)).toEqual(edgeAttributesOf(SUDO));
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'an edge that someone else adds keeps its sudo attributes if the options do not set them ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(emulator.store, kind);
      changeBeforeWrite(host, () => host.addEdge(id, edgeAttributesOf(SUDO_WITHOUT_PASSWORD)));
      const answer = await host.run([{ id }]);
      expect(answer).toMatchObject({
        ...expectedLists(kind, {}),
        [kind.field]: [toResultEdge(kind, id, SUDO_WITHOUT_PASSWORD)],
      });
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'an edge is added again if someone else removes it before its update ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(emulator.store, kind);
      host.addEdge(id, edgeAttributesOf(SUDO));
      changeBeforeWrite(host, () => host.removeEdge(id));
      const answer = await host.run([{ id, ...SUDO_WITHOUT_PASSWORD }]);
      expect(answer).toMatchObject({
        ...expectedLists(kind, { added: [id] }),
        [kind.field]: [{ id, ...SUDO_WITHOUT_PASSWORD }],
      });
      expect(writesOf(host.takeRequests()).map(({ status }) => status)).toEqual([404, 204]);
      expect(host.edges().get(id)).toEqual(edgeAttributesOf(SUDO_WITHOUT_PASSWORD));
      await host.remove();
    },
  );

  test('if someone else unbinds a user before the update, the run binds the user again, without sudo', async () => {
    const host = await enrolEdgeHost(emulator, USERS);
    const id = createTarget(emulator.store, USERS);
    host.addEdge(id, edgeAttributesOf(SUDO));
    changeBeforeWrite(host, () => host.removeEdge(id));
    const answer = await host.run([{ id, sudo: false }]);
    expect(answer).toMatchObject({
      ...expectedLists(USERS, { added: [id] }),
      users: [{ id, ...NO_SUDO }],
    });
    await host.remove();
  });

  test('the option `exclusive` removes a user whom someone else binds during the run', async () => {
    const host = await enrolEdgeHost(emulator, USERS);
    const [desired = '', unwanted = ''] = createTargets(emulator.store, USERS, 2);
    changeBeforeWrite(host, () => host.addEdge(unwanted));
    const answer = await host.run([{ id: desired }], { exclusive: true });
    expect(answer).toMatchObject(expectedLists(USERS, { added: [desired], removed: [unwanted] }));
    expect([...host.edges().keys()]).toEqual([desired]);
    await host.remove();
  });
});

describe.concurrent('an object that is deleted during the run', () => {
  test.each(KINDS)(
    'adding an edge to a deleted object fails with not_found and the id of the object ($target)',
    async (kind) => {
      const { store } = emulator;
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(store, kind);
      changeBeforeWrite(host, () => deleteTarget(store, host.systemId, kind, id));
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
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(store, kind);
      host.addEdge(id);
      changeBeforeWrite(host, () => deleteTarget(store, host.systemId, kind, id));
      const answer = await host.run([{ id }], { state: 'absent' });
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject({ ...expectedLists(kind, {}), [kind.field]: [] });
      await host.remove();
    },
  );

  test.each([USERS, USER_GROUPS])(
    'updating an edge to a deleted object fails with not_found and the id of the object ($target)',
    async (kind) => {
      const { store } = emulator;
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(store, kind);
      host.addEdge(id);
      changeBeforeWrite(host, () => deleteTarget(store, host.systemId, kind, id));
      const answer = await host.run([{ id, ...SUDO }]);
      expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'not_found' } });
      expect(answer.msg).toContain(id);
      await host.remove();
    },
  );
});

describe.concurrent('a write whose answer is lost', () => {
  const rows = [GROUPS, USERS, COMMANDS].flatMap((kind) =>
    LOST_ANSWERS.map(([how, fault]) => [kind.target, how, { kind, fault }] as const),
  );
  test.each(rows)(
    "writes of %s edges are reported as changes when %s loses JumpCloud's answer",
    async (_target, _how, { kind, fault }) => {
      const host = await enrolEdgeHost(emulator, kind);
      const id = createTarget(emulator.store, kind);
      host.fault({ when: isPost, fault });
      expect(await host.run([{ id }])).toMatchObject(expectedLists(kind, { added: [id] }));
      expect(
        host
          .takeRequests()
          .map(({ status }) => status)
          .slice(1),
      ).toEqual([fault.kind === 'status' ? fault.status : 0, 409, 200]);
      host.fault({ when: isPost, fault });
      const gone = await host.run([{ id }], { state: 'absent' });
      expect(gone).toMatchObject(expectedLists(kind, { removed: [id] }));
      expect(writesOf(host.takeRequests()).map(({ status }) => status)[1]).toBe(404);
      await host.remove();
    },
  );

  test('an update is reported as a change when a cut connection loses the answer', async () => {
    const host = await enrolEdgeHost(emulator, USERS);
    const id = createTarget(emulator.store, USERS);
    host.addEdge(id);
    host.fault({ when: isPost, fault: { kind: 'reset-after' } });
    expect(await host.run([{ id, ...SUDO }])).toMatchObject(
      expectedLists(USERS, { updated: [id] }),
    );
    await host.remove();
  });
});

describe.concurrent('a run with a refused write', () => {
  /** Makes JumpCloud refuse the next write of an edge to an object. */
  const refuseWrite = (host: EdgeHost, id: string) =>
    host.fault({
      when: ({ method, url, body }) =>
        method === 'POST' && (url.includes(id) || Object(body).id === id),
      fault: { kind: 'status', status: 400, text: '{"message":"Not today"}' },
    });

  test.each(KINDS)(
    'a run adds four of five edges when JumpCloud refuses one; the next run adds the refused edge ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const ids = createTargets(emulator.store, kind, 5);
      const desired = ids.map((id) => ({ id }));
      refuseWrite(host, ids[2] ?? '');
      const others = ids.filter((id) => id !== ids[2]);
      const failed = await host.run(desired);
      expect(failed).toMatchObject({
        ...expectedLists(kind, { added: others }),
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
      expect(rest).toMatchObject(expectedLists(kind, { added: ids.slice(2, 3) }));
      expect(writesOf(host.takeRequests())).toHaveLength(1);
      expect([...host.edges().keys()].sort()).toEqual(ids);
      await host.remove();
    },
  );

  test('a refused removal does not stop additions, updates and other removals', async () => {
    const host = await enrolEdgeHost(emulator, USERS);
    const [a = '', b = '', c = '', d = '', e = ''] = createTargets(emulator.store, USERS, 5);
    for (const id of [b, d, e]) host.addEdge(id);
    refuseWrite(host, d);
    const run = () => host.run([{ id: a }, { id: b, sudo: true }, { id: c }], { exclusive: true });
    const failed = await run();
    expect(failed).toMatchObject({
      ...expectedLists(USERS, { added: [a, c], updated: [b], removed: [e] }),
      failed: true,
      error: { code: 'rejected', refused: [{ op: 'remove', id: d }] },
    });
    expect(await run()).toMatchObject(expectedLists(USERS, { removed: [d] }));
    await host.remove();
  });

  test('a run whose only write is refused reports no change', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    const id = createTarget(emulator.store, GROUPS);
    refuseWrite(host, id);
    const failed = await host.run([{ id }]);
    expect(failed).toMatchObject({ changed: false, failed: true, error: { code: 'rejected' } });
    await host.remove();
  });

  test('a run that cannot read the edges after its writes reports the writes', async () => {
    const host = await enrolEdgeHost(emulator, COMMANDS);
    const id = createTarget(emulator.store, COMMANDS);
    host.fault({ when: isRead, skip: 1, fault: { kind: 'status', status: 403 } });
    const failed = await host.run([{ id }]);
    expect(failed).toMatchObject({
      ...expectedLists(COMMANDS, { added: [id] }),
      failed: true,
      error: { code: 'rejected', status: 403 },
    });
    await host.remove();
  });
});

describe.concurrent('a list that changes while its pages are read', () => {
  /** Makes a change after the emulator has sent the first page. */
  const changeAfterFirstPage = (host: EdgeHost, change: () => void) =>
    host.fault({ when: isRead, fault: { kind: 'concurrent', when: 'after', change } });

  test.each([GROUPS, USERS, COMMANDS])(
    'an edge that moves to an earlier page during the read is still found ($target)',
    async (kind) => {
      const host = await enrolEdgeHost(emulator, kind);
      const ids = createTargets(emulator.store, kind, 150);
      for (const id of ids) host.addEdge(id);
      // The desired edge moves from the second page to the first page, which the run has already
      // read.
      const [first = '', desired = ''] = [ids[0], ids[100]];
      changeAfterFirstPage(host, () => host.removeEdge(first));
      const answer = await host.run([{ id: desired }]);
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer).toMatchObject(expectedLists(kind, {}));
      expect(answer[kind.field]).toEqual(ids.slice(1).map((id) => toResultEdge(kind, id)));
      expect(writesOf(host.takeRequests())).toEqual([]);
      await host.remove();
    },
  );

  test('an edge that is added to an earlier page during the read is listed', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    const [early = '', ...ids] = createTargets(emulator.store, GROUPS, 151);
    for (const id of ids) host.addEdge(id);
    changeAfterFirstPage(host, () => host.addEdge(early));
    const answer = await host.run([{ id: ids.at(-1) ?? '' }]);
    expect(answer).toMatchObject({ ...expectedLists(GROUPS, {}), groups: [early, ...ids] });
    await host.remove();
  });

  test('the option `exclusive` removes an edge that moves to an earlier page during the read', async () => {
    const host = await enrolEdgeHost(emulator, COMMANDS);
    const ids = createTargets(emulator.store, COMMANDS, 103);
    for (const id of ids) host.addEdge(id);
    const [gone = '', missed = ''] = [ids[0], ids[100]];
    changeAfterFirstPage(host, () => host.removeEdge(gone));
    const answer = await host.run([{ id: ids[1] ?? '' }], { exclusive: true });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer['removed']).toContain(missed);
    expect(answer['removed']).not.toContain(gone);
    expect([...host.edges().keys()]).toEqual([ids[1]]);
    await host.remove();
  });
});

describe.concurrent('a write that does not become visible', () => {
  // Each kind of edge takes ten seconds, so the test runs all kinds in parallel.
  test('a write that is not visible after ten seconds fails with not_applied', async () => {
    await Promise.all([GROUPS, USERS, COMMANDS].map(verifyNotApplied));
  });

  async function verifyNotApplied(kind: EdgeKind): Promise<void> {
    const host = await enrolEdgeHost(emulator, kind);
    const [desired = '', unwanted = ''] = createTargets(emulator.store, kind, 2);
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
    const waitMs = (requests.at(-1)?.startedAt ?? 0) - (writes.at(-1)?.startedAt ?? 0);
    expect(waitMs).toBeGreaterThan(9500);
    // The wait must be far shorter than the timeout of 120 s. Otherwise the timeout may have ended
    // the run.
    expect(waitMs).toBeLessThan(60_000);
    expect(writes).toHaveLength(2);
    await host.remove();
  }

  test('a run does not repeat a write that someone else reverts', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    const id = createTarget(emulator.store, GROUPS);
    const change = () => host.removeEdge(id);
    host.fault({ when: isPost, fault: { kind: 'concurrent', when: 'after', change } });
    const answer = await host.run([{ id }]);
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_applied' } });
    expect(writesOf(host.takeRequests())).toHaveLength(1);
    await host.remove();
  });
});

describe.concurrent('a graph that shows writes late', () => {
  test('a run repeats its read until a graph that lags by 1.5 s shows the writes', async ({
    startWith,
  }) => {
    const laggingEmulator = await startWith({ observeLag: 1500 });
    await Promise.all(KINDS.map((kind) => verifyWait(laggingEmulator, kind)));
  });

  async function verifyWait(laggingEmulator: Emulator, kind: EdgeKind): Promise<void> {
    const host = await enrolEdgeHost(laggingEmulator, kind);
    const [desired = '', unwanted = ''] = createTargets(laggingEmulator.store, kind, 2);
    host.addEdge(unwanted);
    const answer = await host.run([{ id: desired }], { exclusive: true });
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject({
      ...expectedLists(kind, { added: [desired], removed: [unwanted] }),
      [kind.field]: [toResultEdge(kind, desired)],
    });
    const requests = host.takeRequests();
    expect(writesOf(requests)).toHaveLength(2);
    const reads = requests.filter(({ method, url }) => method === 'GET' && !/\/users\?/.test(url));
    expect(reads.length).toBeGreaterThan(2);
    await host.remove();
  }

  test('a run that sends its update after four seconds still waits until the update is visible', async ({
    startWith,
  }) => {
    const laggingEmulator = await startWith({ observeLag: 4000 });
    const host = await enrolEdgeHost(laggingEmulator, USERS);
    const [a = '', b = ''] = createTargets(laggingEmulator.store, USERS, 2);
    // The graph shows no write for four seconds. Then it shows the wrong sudo attributes for the
    // second user.
    const change = () => host.addEdge(b, edgeAttributesOf(SUDO_WITHOUT_PASSWORD));
    const isWriteOfB = (request: FaultTarget) => isPost(request) && Object(request.body).id === b;
    host.fault({ when: isWriteOfB, fault: { kind: 'concurrent', when: 'before', change } });
    const answer = await host.run([{ id: a }, { id: b, ...SUDO }]);
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer).toMatchObject(expectedLists(USERS, { added: [a], updated: [b] }));
    const statuses = writesOf(host.takeRequests()).map(({ status }) => status);
    // The first two writes arrive in any order.
    expect([...statuses.slice(0, 2).sort(), ...statuses.slice(2)]).toEqual([204, 409, 204]);
    await host.remove();
  });
});
