import { beforeEach, describe, expect, vi } from 'vitest';
import { Interrupted } from '../../../src/base/interrupted.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import type { Fault } from '../../emulator/faults.ts';
import { READ_ONLY_ROLE, type ServiceAccount } from '../../emulator/service-accounts.ts';
import type { Answer } from '../../harness/answer.ts';
import { callInProcess, moduleNamed } from '../../harness/call-in-process.ts';
import { runModule, runRaw } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { callAdminModule, serviceAccountOptions } from './admin-call.ts';

const MODULE = 'jumpcloud_stale_systems';
const DAY_MS = 86_400_000;
let emulator: Emulator;
let account: ServiceAccount;
let startWith: () => Promise<Emulator>;
test.beforeAll(({ startWith: start }) => {
  startWith = start;
});
beforeEach(async () => {
  emulator = await startWith();
  account = emulator.store.serviceAccounts.add();
  // With 60 active records, a few stale ones stay below the default limit of ten percent.
  for (let i = 0; i < 60; i++)
    addRecord({ hostname: `alive-${i}`, active: true, lastContact: daysAgo(0) });
});

const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const addRecord = (fields: Record<string, unknown>) =>
  emulator.store.addRecord({
    active: false,
    created: daysAgo(400),
    lastContact: daysAgo(100.5),
    ...fields,
  });
const withInstanceId = (value: string | null) => ({
  attributes: [{ name: 'instance_id', value: value as string }],
});
const hasRecord = (id: string) => emulator.store.systems.has(id);
const call = (options: Record<string, unknown>, ...flags: string[]) =>
  callAdminModule(MODULE, { ...serviceAccountOptions(emulator, account), ...options }, flags);
const idsOf = (answer: Answer, list: 'stale' | 'skipped_records' = 'stale') =>
  (answer[list] as { id: string }[]).map(({ id }) => id).sort();
const deleteRequests = () => emulator.requests.filter(({ method }) => method === 'DELETE');
const addFault = (fault: Fault, method: string, id = '', times = 1, skip = 0) =>
  emulator.faults.add({
    fault,
    when: (request) => request.method === method && request.url.endsWith(id),
    times,
    skip,
  });

describe('jumpcloud_stale_systems', () => {
  test('jumpcloud_stale_systems lists stale records and deletes them as check mode predicts, and a second deletion run deletes nothing', async () => {
    const ids = [1, 2, 3]
      .map((n) => addRecord({ hostname: `dead-${n}`, ...withInstanceId(`i-${n}`) }))
      .sort();
    const report = await call({ inactive_days: 30 });
    expect(report, report.msg).toMatchObject({
      changed: false,
      msg: 'Found 3 stale records among 63.',
      deleted: [],
      skipped_records: [],
      total: 63,
      warnings: [],
    });
    expect(idsOf(report)).toEqual(ids);
    expect(Object(report['stale'])[0]).toMatchObject({
      hostname: expect.stringMatching(/^dead-/),
      attributes: { instance_id: expect.stringMatching(/^i-/) },
      last_contact: expect.stringMatching(/^20/),
      reason: 'Last contact 100 days ago.',
    });
    const absent = { inactive_days: 30, state: 'absent' };
    const check = await call(absent, '--check', '--diff');
    expect(check).toMatchObject({ changed: true, msg: 'Would delete 3 stale records.' });
    expect(deleteRequests()).toEqual([]);
    const first = await call(absent, '--diff');
    expect({ ...first, text: '' }).toEqual({ ...check, msg: 'Deleted 3 stale records.', text: '' });
    expect([...(first['deleted'] as string[])].sort()).toEqual(ids);
    expect(first.diff?.before['stale']).toHaveLength(3);
    expect(first.diff?.after['stale']).toEqual([]);
    expect(ids.some(hasRecord)).toBe(false);
    expect(deleteRequests().map(({ status }) => status)).toEqual([200, 200, 200]);
    const second = await call(absent);
    expect(second).toMatchObject({
      changed: false,
      msg: 'Nothing to delete.',
      deleted: [],
      stale: [],
    });
  });

  test('a record that the option `dead` lists is deleted unless its host is connected', async () => {
    const gone = addRecord({ lastContact: null, ...withInstanceId('i-gone') });
    const fresh = addRecord({ lastContact: daysAgo(0), ...withInstanceId('i-fresh') });
    const connected = addRecord({
      active: true,
      hostname: 'shutting-down',
      ...withInstanceId('i-busy'),
    });
    const other = addRecord({ ...withInstanceId('i-other') });
    const dead = { attribute: 'instance_id', values: ['i-gone', 'i-fresh', 'i-busy', 'i-unknown'] };
    const answer = await call({ dead, state: 'absent' });
    expect(answer, answer.msg).toMatchObject({ changed: true, msg: 'Deleted 2 stale records.' });
    expect(idsOf(answer)).toEqual([gone, fresh].sort());
    expect(idsOf(answer, 'skipped_records')).toEqual([connected]);
    expect(answer.warnings).toEqual([
      `These records match the option "dead", but were skipped, because their hosts are connected to JumpCloud: shutting-down (${connected}).`,
    ]);
    expect([gone, fresh, connected, other].map(hasRecord)).toEqual([false, false, true, true]);
    const none = await call({ dead: { ...dead, values: [] }, state: 'absent' });
    expect(none).toMatchObject({ changed: false, stale: [] });
  });

  test('a run that would exceed max_deletions or max_percent deletes nothing, as check mode predicts', async () => {
    for (let i = 0; i < 6; i++) addRecord({});
    const limits = async (max_deletions: number, max_percent: number, ...flags: string[]) =>
      call({ inactive_days: 1, state: 'absent', max_deletions, max_percent }, ...flags);
    // 6 of 66 records are 9.09 percent.
    for (const [deletions, percent] of [
      [5, 100],
      [100, 9],
      [0, 100],
      [6, 0],
    ] as const) {
      for (const flags of [[], ['--check']]) {
        const answer = await limits(deletions, percent, ...flags);
        expect(answer, answer.msg).toMatchObject({
          failed: true,
          changed: false,
          deleted: [],
          total: 66,
          error: {
            code: 'limit_exceeded',
            selected: 6,
            allowed_by_percent: Math.floor(0.66 * percent),
          },
        });
        expect(answer['stale']).toHaveLength(6);
        expect(answer.msg).toContain(
          `6 stale records would be deleted, but max_deletions allows ${deletions}, and max_percent allows ${Math.floor(0.66 * percent)} (${percent} % of 66 records). Nothing was deleted.`,
        );
      }
    }
    expect(deleteRequests()).toEqual([]);
    expect(await call({ inactive_days: 1, max_deletions: 0 })).toMatchObject({ changed: false });
    expect(await limits(6, 10, '--check')).toMatchObject({ changed: true });
    expect(await limits(6, 10)).toMatchObject({ changed: true, msg: 'Deleted 6 stale records.' });
  });

  test("a run takes the time from JumpCloud's Date header and refuses an answer without it", async () => {
    const id = addRecord({ lastContact: daysAgo(10) });
    const date = (days: number | null): Fault => ({
      kind: 'date',
      date: () => (days === null ? null : new Date(Date.now() + days * DAY_MS).toUTCString()),
    });
    addFault(date(-9.5), 'POST', 'systems');
    expect(idsOf(await call({ inactive_days: 1 }))).toEqual([]);
    addFault(date(20), 'POST', 'systems');
    expect(idsOf(await call({ inactive_days: 25 }))).toEqual([id]);
    for (const absent of [date(null), { kind: 'date', date: () => 'yesterday' } as const]) {
      addFault(absent, 'POST', 'systems');
      const answer = await call({ inactive_days: 5 });
      expect(answer).toMatchObject({ error: { code: 'unexpected_response' } });
      expect(answer.msg).toContain('no usable Date header');
      addFault(absent, 'GET', id);
      const late = await call({ inactive_days: 5, state: 'absent' });
      expect(late).toMatchObject({ error: { code: 'unexpected_response' }, deleted: [] });
    }
    expect(deleteRequests()).toEqual([]);
  });

  test('a record with invalid dates is never selected, and a warning names it', async () => {
    const good = addRecord({ hostname: 'good' });
    const dates = [
      'yesterday',
      7,
      {},
      '2026-02-30T00:00:00Z',
      '2026-01-01',
      '',
      '2026-01-01 00:00:00Z',
    ];
    const bad = dates.map((lastContact, i) => addRecord({ hostname: `bad-${i}`, lastContact }));
    bad.push(addRecord({ hostname: 'bad-created', created: 12 }));
    addRecord({ hostname: 'never', lastContact: '0001-01-01T00:00:00Z' });
    const answer = await call({ inactive_days: 30 });
    expect(idsOf(answer)).toEqual([good]);
    expect(answer.warnings).toHaveLength(1);
    for (const id of bad) expect(answer.warnings[0]).toContain(id);
    expect(answer.warnings[0]).not.toContain('never');
  });

  test('with include_never_contacted, a record that never had contact is selected if it is old enough', async () => {
    const never = [null, undefined, '0001-01-01T00:00:00Z'].map((lastContact) =>
      addRecord({ lastContact, created: daysAgo(31.5) }),
    );
    addRecord({ lastContact: null, created: daysAgo(29) });
    expect(idsOf(await call({ inactive_days: 30 }))).toEqual([]);
    const answer = await call({ inactive_days: 30, include_never_contacted: true });
    expect(idsOf(answer)).toEqual(never.sort());
    for (const record of answer['stale'] as object[]) {
      const reason = 'Never contacted, created 31 days ago.';
      expect(record).toMatchObject({ last_contact: null, reason });
    }
  });

  test('the options `attributes`, `alive` and superseded_only narrow the selection of records', async () => {
    const attribute = 'instance_id';
    const [one, two] = [
      addRecord({ hostname: 'a', ...withInstanceId('i-1') }),
      addRecord({ hostname: 'a', ...withInstanceId('i-2') }),
    ];
    const three = addRecord({ hostname: 'b', ...withInstanceId('i-3') });
    addRecord({ hostname: '' });
    addRecord({ hostname: '', lastContact: daysAgo(0) });
    const idsWithoutValue = [
      addRecord({}),
      addRecord({ attributes: null }),
      addRecord(withInstanceId('')),
      addRecord(withInstanceId(null)),
    ];
    expect(idsWithoutValue.every(hasRecord)).toBe(true);
    const ids = async (options: object) => idsOf(await call({ inactive_days: 30, ...options }));
    expect(await ids({ attributes: { [attribute]: 'i-1' } })).toEqual([one]);
    expect(await ids({ attributes: { [attribute]: 'I-1' } })).toEqual([]);
    expect(await ids({ alive: { attribute, values: ['i-1', 'i-9'] } })).toEqual(
      [two, three].sort(),
    );
    expect(await ids({ superseded_only: true })).toEqual([]);
    addRecord({ hostname: 'a', lastContact: daysAgo(1) });
    addRecord({ hostname: 'b', lastContact: daysAgo(31) });
    expect(await ids({ superseded_only: true })).toEqual([one, two].sort());
    expect(await ids({ superseded_only: true, alive: { attribute, values: ['i-2'] } })).toEqual([
      one,
    ]);
  });
});

describe('the check before each DELETE', () => {
  const absent = { inactive_days: 30, state: 'absent' };

  test.each<[string, Record<string, unknown>]>([
    ['becomes active', { active: true }],
    ['gets a new contact date', { lastContact: new Date().toISOString() }],
    ['gets invalid dates', { lastContact: 'soon' }],
  ])('a record that %s before its DELETE is kept and reported as skipped', async (_, change) => {
    const [back, dead] = [addRecord({ hostname: 'back' }), addRecord({})];
    const revive = (id: string): Fault => ({
      kind: 'concurrent',
      when: 'before',
      change: ({ systems }) => Object.assign(systems.get(id)?.record ?? {}, change),
    });
    addFault(revive(back), 'GET', back);
    const answer = await call(absent);
    expect(answer, answer.msg).toMatchObject({ changed: true, deleted: [dead] });
    expect([idsOf(answer), idsOf(answer, 'skipped_records')]).toEqual([[dead], [back]]);
    expect(answer.warnings[0]).toContain(`back (${back})`);
    expect(hasRecord(back)).toBe(true);
  });

  test('a record whose host connects between two attempts at its DELETE is kept', async () => {
    const id = addRecord({});
    const lost: Fault = { kind: 'status', status: 503 };
    addFault(lost, 'DELETE', id);
    const connect: Fault = {
      kind: 'concurrent',
      when: 'before',
      change: ({ systems }) => Object.assign(systems.get(id)?.record ?? {}, { active: true }),
    };
    addFault(connect, 'GET', id, 1, 1);
    const answer = await call(absent);
    expect(answer, answer.msg).toMatchObject({ changed: false, deleted: [], stale: [] });
    expect(deleteRequests()).toHaveLength(1);
    expect(hasRecord(id)).toBe(true);
  });

  test('the option superseded_only keeps a record whose successor is deleted during the run', async () => {
    const old = addRecord({ hostname: 'node' });
    const successor = addRecord({ hostname: 'node', lastContact: daysAgo(1) });
    addFault(
      { kind: 'concurrent', when: 'before', change: (store) => store.removeSystem(successor) },
      'GET',
      old,
    );
    const answer = await call({ ...absent, superseded_only: true });
    expect(answer, answer.msg).toMatchObject({ changed: false, deleted: [] });
    expect(hasRecord(old)).toBe(true);
  });

  test('a record that someone else deletes is not reported as deleted', async () => {
    const [first, second] = [addRecord({}), addRecord({})];
    const remove = (id: string): Fault => ({
      kind: 'concurrent',
      when: 'before',
      change: (store) => store.removeSystem(id),
    });
    addFault(remove(first), 'GET', first);
    addFault(remove(second), 'DELETE', second);
    const answer = await call(absent);
    expect(answer, answer.msg).toMatchObject({
      changed: false,
      deleted: [],
      msg: 'Nothing to delete.',
    });
  });

  test.each<[string, Fault]>([
    ['a connection reset', { kind: 'reset-after' }],
    ['a 502', { kind: 'status', status: 502, applied: true }],
  ])('a record whose DELETE took effect despite %s is reported as deleted', async (_, fault) => {
    const id = addRecord({});
    addFault(fault, 'DELETE', id);
    const answer = await call(absent);
    expect(answer, answer.msg).toMatchObject({ changed: true, deleted: [id] });
    expect(deleteRequests()).toHaveLength(1);
  });

  test('a DELETE without effect fails the run with not_applied', async () => {
    const [kept, gone] = [addRecord({ hostname: 'kept' }), addRecord({})];
    addFault(
      { kind: 'body', text: '{}', headers: { 'content-type': 'application/json' } },
      'DELETE',
      kept,
    );
    const answer = await call({ ...absent, timeout: 3 });
    expect(answer, answer.msg).toMatchObject({
      failed: true,
      changed: true,
      deleted: [gone],
      error: { code: 'not_applied', not_deleted: [kept] },
    });
    expect(answer.msg).toContain(`kept (${kept})`);
  });

  test('a refused DELETE does not stop other deletions', async () => {
    const [one, two, three] = [addRecord({}), addRecord({}), addRecord({})].sort() as [
      string,
      string,
      string,
    ];
    const refused = (status: number): Fault => ({
      kind: 'status',
      status,
      text: '{"message":"no"}',
    });
    addFault(refused(403), 'DELETE', one);
    addFault(refused(422), 'DELETE', two);
    const answer = await call(absent);
    expect(answer).toMatchObject({
      failed: true,
      changed: true,
      deleted: [three],
      error: {
        code: 'rejected',
        status: 403,
        refused: [
          { op: 'delete', type: 'system', id: one, status: 403, message: 'no' },
          { op: 'delete', type: 'system', id: two, status: 422, message: 'no' },
        ],
      },
    });
    expect(answer.msg).toMatch(/^Could not delete the record of .*\S 1 more was refused: /);
  });

  test('a record whose read is refused or whose DELETE is answered 423 does not stop other deletions', async () => {
    const ids = Array.from({ length: 7 }, () => addRecord({})).sort();
    const [unread = '', locked = '', ...others] = ids;
    addFault({ kind: 'status', status: 403, text: '{"message":"no"}' }, 'GET', unread);
    addFault({ kind: 'status', status: 423, text: '{"message":"locked"}' }, 'DELETE', locked);
    const answer = await call({ ...absent, max_percent: 20 });
    expect(answer, answer.msg).toMatchObject({ failed: true, changed: true, deleted: others });
    expect(answer.error?.['refused']).toEqual([
      { op: 'delete', type: 'system', id: unread, status: 403, message: 'no' },
      { op: 'delete', type: 'system', id: locked, status: 423, message: 'locked' },
    ]);
    expect(hasRecord(unread)).toBe(true);
  });

  test('if an answer is not from JumpCloud, the message says "Run again" only once', async () => {
    const id = addRecord({});
    addFault({ kind: 'status', status: 404, text: '<html>' }, 'DELETE', id);
    const answer = await call(absent);
    expect(answer.error).toMatchObject({ code: 'unexpected_response', in_doubt: [id] });
    expect(answer.msg.match(/Run again to check\./g)).toHaveLength(1);
    expect(answer.msg).not.toContain('  ');
  });

  test.each([401, 403] as const)(
    "the message mentions the service account's role if JumpCloud refuses a deletion with %i",
    async (refusal) => {
      const ids = [addRecord({}), addRecord({})];
      account.role = { ...READ_ONLY_ROLE, refusal };
      expect(await call({ inactive_days: 30 })).toMatchObject({ changed: false });
      const answer = await call(absent);
      expect(answer).toMatchObject({
        failed: true,
        changed: false,
        deleted: [],
        error: { code: refusal === 401 ? 'unauthorized' : 'rejected' },
      });
      expect(answer.error?.['in_doubt']).toBeUndefined();
      expect(answer.msg).toContain("service account's role");
      expect(ids.every(hasRecord)).toBe(true);
    },
  );

  test('when an outage ends a run, the result lists deleted records, and lists under in_doubt those that may have been deleted', async () => {
    const ids = [addRecord({}), addRecord({})].sort();
    const [one = '', two = ''] = ids;
    addFault({ kind: 'status', status: 502, applied: true }, 'DELETE', two);
    addFault({ kind: 'status', status: 503 }, 'GET', two, 999, 1);
    const answer = await call({ ...absent, timeout: 2 });
    expect(answer).toMatchObject({
      failed: true,
      changed: true,
      deleted: [one],
      error: { code: 'unavailable', may_be_done: true, in_doubt: [two] },
    });
    expect(answer.msg).toContain('No answer says whether these records were deleted');
  });
});

test('an interrupted run lists a record under in_doubt if its DELETE got no answer', async () => {
  const id = addRecord({});
  addFault({ kind: 'silence' }, 'DELETE', id);
  const interruption = new AbortController();
  const options = {
    ...serviceAccountOptions(emulator, account),
    inactive_days: 30,
    state: 'absent',
  };
  const running = callInProcess(moduleNamed(MODULE), [JSON.stringify(options)], {
    signal: interruption.signal,
  });
  await vi.waitFor(() => expect(deleteRequests()).toHaveLength(1), 20_000);
  interruption.abort(new Interrupted('Interrupted.'));
  expect(JSON.parse((await running).text)).toMatchObject({
    failed: true,
    changed: false,
    deleted: [],
    error: { code: 'interrupted', in_doubt: [id] },
  });
});

describe('a call of jumpcloud_stale_systems', () => {
  const values = ['i-1'];
  const attribute = 'instance_id';
  test.each<[options: Record<string, unknown>, problems: string[]]>([
    [{}, ['']],
    [
      { superseded_only: true, include_never_contacted: true, dead: { attribute, values } },
      ['superseded_only', 'include_never_contacted'],
    ],
    [{ inactive_days: 0 }, ['inactive_days']],
    [{ inactive_days: 1.5 }, ['inactive_days']],
    [{ inactive_days: 'soon' }, ['inactive_days']],
    [{ inactive_days: 1, max_percent: 101, max_deletions: -1 }, ['max_deletions', 'max_percent']],
    [{ inactive_days: 1, alive: { attribute, values: [] } }, ['alive.values']],
    [{ inactive_days: 1, alive: { attribute, values: '' } }, ['alive.values']],
    [{ inactive_days: 1, alive: { attribute, values: ['i-1', ''] } }, ['alive.values']],
    [{ inactive_days: 1, alive: { attribute, values: [null] } }, ['alive.values']],
    [{ inactive_days: 1, alive: { attribute, values: 'i-1\ti-2' } }, ['alive.values']],
    [{ inactive_days: 1, alive: { attribute, values: ['i-1\n'] } }, ['alive.values']],
    [{ inactive_days: 1, alive: { values } }, ['alive.attribute']],
    [{ inactive_days: 1, alive: { attribute } }, ['alive.values']],
    [{ inactive_days: 1, alive: { attribute: ' ', values } }, ['alive.attribute']],
    [{ inactive_days: 1, dead: { attribute, values: [''] } }, ['dead.values']],
    [{ inactive_days: 1, dead: {} }, ['dead.attribute', 'dead.values']],
    [{ inactive_days: 1, attributes: { role: null } }, ['attributes.role']],
    [{ inactive_days: 1, attributes: { '': 'x' } }, ['attributes']],
    [{ inactive_days: 1, state: 'present' }, ['state']],
  ])('the options %j are refused before any request', async (options, problems) => {
    emulator.clearRequests();
    const { error, msg } = await call(options);
    expect(error, msg).toMatchObject({ code: 'invalid_arguments' });
    expect(
      error?.problems?.map(({ option }) => option),
      msg,
    ).toEqual(problems);
    expect(emulator.requests).toEqual([]);
  });

  test('jumpcloud_stale_systems refuses empty stdin', async () => {
    const { answer } = await runRaw(MODULE, [], '');
    expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
    expect(answer.msg).toContain('because standard input is empty');
  });

  test('the executable of jumpcloud_stale_systems accepts an API key and deletes a stale record', async () => {
    const id = addRecord({});
    const { answer, exitCode } = await runModule(
      MODULE,
      {
        api_url: emulator.url,
        api_key: emulator.store.addApiKey(),
        inactive_days: 30,
        state: 'absent',
      },
      { flags: ['--detailed-exitcode'] },
    );
    expect(answer, answer.msg).toMatchObject({ changed: true, deleted: [id] });
    expect(exitCode).toBe(2);
  });
});
