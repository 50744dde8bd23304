import { describe, expect, test } from 'vitest';
import { ASSOCIATION_TYPES } from '../../emulator/types.ts';
import { predictionOf } from '../../harness/executable.ts';
import { canHaveMounts, onHostWithPrograms } from '../../harness/host-with-programs.ts';
import { type Stage, setUpStages, writeProgram } from './stage.ts';

const { enrol, directory } = setUpStages();
const SCOPE = { scope: 'associations' };
const READ_COUNT = 1 + ASSOCIATION_TYPES.length;

/**
 * Adds `count` edges of each kind to a host. Returns them as in the result of jumpcloud_removal.
 */
function addEdges({ emulator, host }: Stage, count = 2): { type: string; id: string }[] {
  const { store } = emulator;
  const edges: { type: string; id: string }[] = [];
  for (let i = 0; i < count; i++) {
    const group = store.addGroup();
    store.join(host.systemId, group);
    edges.push({ type: 'system_group', id: group });
    for (const type of ASSOCIATION_TYPES) {
      const id = store.add(type);
      const sudo = { sudo: { enabled: true, withoutPassword: false } };
      store.associate(host.systemId, type, id, type.startsWith('user') ? sudo : undefined);
      edges.push({ type, id });
    }
  }
  return edges;
}

const toSortedKeys = (edges: unknown) =>
  (edges as { type: string; id: string }[]).map(({ type, id }) => `${type} ${id}`).sort();
const NO_EDGES = { groups: [], edges: [] };
const selectPosts = (sent: string[]) => sent.filter((line) => line.startsWith('POST'));

describe.concurrent('scope: associations', () => {
  test('the message about one association uses the singular', async () => {
    const stage = await enrol();
    const group = stage.emulator.store.addGroup();
    stage.emulator.store.join(stage.host.systemId, group);
    const predicted = await stage.succeed(SCOPE, { flags: ['--check'] });
    expect(predicted.msg).toBe('Would remove 1 association.');
    expect((await stage.succeed(SCOPE)).msg).toBe('Removed 1 association.');
  });

  test('if JumpCloud refuses the only removal of an association, the run reports empty lists `removed` and `purged`', async () => {
    const stage = await enrol();
    const { store, faults } = stage.emulator;
    const group = store.addGroup();
    store.join(stage.host.systemId, group);
    faults.refuse(group, 403);
    const { answer } = await stage.run(SCOPE);
    expect(answer).toMatchObject({ failed: true, changed: false, removed: [], purged: [] });
  });

  test('a run removes every association and keeps the record and all files, as check mode predicts', async () => {
    const stage = await enrol();
    const { store } = stage.emulator;
    const edges = addEdges(stage);
    const other = await stage.emulator.enrol();
    store.join(other.systemId, store.groupsOf(stage.host.systemId)[0] ?? '');
    const before = [store.snapshot(stage.host.systemId), store.snapshot(other.systemId)];
    const record = structuredClone(store.record(stage.host.systemId));
    const files = stage.files();

    const predicted = await stage.succeed(SCOPE, { flags: ['--check', '--diff'] });
    expect(store.snapshot(stage.host.systemId)).toEqual(before[0]);
    expect(stage.sent()).toEqual(Array(READ_COUNT).fill('GET 200'));

    const answer = await stage.succeed(SCOPE, { flags: ['--diff'] });
    expect(predicted).toEqual(predictionOf(answer));
    expect(toSortedKeys(answer['removed'])).toEqual(toSortedKeys(edges));
    expect(answer).toMatchObject({ changed: true, purged: [], warnings: [] });
    expect(answer.msg).toBe('Removed 12 associations.');
    expect(toSortedKeys(answer.diff?.before['present'])).toEqual(toSortedKeys(edges));
    expect(answer.diff?.after['present']).toEqual([]);
    expect(store.snapshot(stage.host.systemId)).toEqual(NO_EDGES);
    expect(store.snapshot(other.systemId)).toEqual(before[1]);
    expect(store.record(stage.host.systemId)).toEqual(record);
    expect(stage.files()).toEqual(files);
    const sent = stage.sent();
    expect(selectPosts(sent)).toHaveLength(edges.length);
    expect(sent).toHaveLength(READ_COUNT + edges.length + READ_COUNT);

    expect(await stage.succeed(SCOPE)).toMatchObject({ changed: false, removed: [] });
    expect(stage.sent()).toEqual(Array(READ_COUNT).fill('GET 200'));
    await other.remove();
  });

  test('a run removes the host from all groups even if their list has several pages', async () => {
    const stage = await enrol();
    const { store } = stage.emulator;
    for (let i = 0; i < 113; i++) store.join(stage.host.systemId, store.addGroup());
    const answer = await stage.succeed(SCOPE);
    expect(answer['removed']).toHaveLength(113);
    expect(store.snapshot(stage.host.systemId)).toEqual(NO_EDGES);
  });

  test('a run reads associations of all kinds in parallel', async () => {
    const stage = await enrol();
    stage.emulator.faults.add({ fault: { kind: 'slow', ms: 500 }, times: READ_COUNT });
    await stage.succeed(SCOPE);
    const ends = stage.emulator.requests.map(({ endedAt }) => endedAt);
    const starts = stage.emulator.requests.map(({ startedAt }) => startedAt);
    expect(Math.max(...starts)).toBeLessThan(Math.min(...ends));
  });

  test('a partly refused removal removes the associations that are not refused; the next run removes the rest', async () => {
    const stage = await enrol();
    const edges = addEdges(stage);
    stage.emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      when: ({ method }) => method === 'POST',
      times: 3,
      skip: 4,
    });
    const { answer } = await stage.run(SCOPE);
    expect(answer).toMatchObject({ changed: true, failed: true, error: { code: 'rejected' } });
    const done = toSortedKeys(answer['removed']);
    expect(done).toHaveLength(edges.length - 3);
    expect(answer.error?.['refused']).toHaveLength(3);
    const rest = await stage.succeed(SCOPE);
    expect([...done, ...toSortedKeys(rest['removed'])].sort()).toEqual(toSortedKeys(edges));
    expect(stage.emulator.store.snapshot(stage.host.systemId)).toEqual(NO_EDGES);
  });

  test('a run reports a removal whose answer is lost, but not an association that someone else removed', async () => {
    const stage = await enrol();
    const { store } = stage.emulator;
    const edges = addEdges(stage, 1);
    const of = (type: string) => edges.find((edge) => edge.type === type)?.id ?? '';
    const post = (type: string) => (target: { method: string; body: unknown }) =>
      target.method === 'POST' && Object(target.body).type === type;
    stage.emulator.faults.add({
      fault: {
        kind: 'concurrent',
        when: 'before',
        change: () => store.dissociate(stage.host.systemId, 'policy', of('policy')),
      },
      when: post('policy'),
    });
    stage.emulator.faults.add({ fault: { kind: 'reset-after' }, when: post('command') });
    const answer = await stage.succeed(SCOPE);
    const expected = edges.filter(({ type }) => type !== 'policy');
    expect(toSortedKeys(answer['removed'])).toEqual(toSortedKeys(expected));
    expect(store.snapshot(stage.host.systemId)).toEqual(NO_EDGES);
  });

  test('stop_agent stops the agent before associations are removed; without associations, it does not stop the agent', async (context) => {
    if (!canHaveMounts()) context.skip('this machine does not allow mount namespaces');
    const stage = await enrol();
    const programs = directory();
    writeProgram(programs, 'systemctl', 'exit 3');
    const call = { through: onHostWithPrograms({ programs }) };
    const options = { ...SCOPE, stop_agent: true };
    expect((await stage.succeed(options, call)).changed).toBe(false);
    addEdges(stage, 1);
    stage.sent();
    const { answer } = await stage.run(options, call);
    expect(answer).toMatchObject({ changed: false, error: { code: 'local_action_failed' } });
    expect(selectPosts(stage.sent())).toEqual([]);
    writeProgram(programs, 'systemctl', 'exit 0');
    expect((await stage.succeed(options, call)).changed).toBe(true);
  });

  test('a run on a removed host sends no request', async () => {
    const stage = await enrol();
    await stage.succeed();
    stage.sent();
    expect(await stage.succeed(SCOPE)).toMatchObject({ changed: false, removed: [] });
    expect(stage.sent()).toEqual([]);
  });

  test('a run on a host that JumpCloud does not accept fails with the error code `unauthorized`', async () => {
    const stage = await enrol({ ineligible: true });
    const { answer } = await stage.run(SCOPE);
    expect(answer).toMatchObject({ changed: false, error: { code: 'unauthorized' } });
    expect(stage.files()).toHaveLength(5);
  });

  test('an interrupted removal reports what it removed, and the next run removes the rest', async () => {
    const stage = await enrol();
    addEdges(stage);
    const controller = new AbortController();
    stage.emulator.faults.add({
      fault: { kind: 'silence', applied: true },
      when: ({ method }) => method === 'POST',
      skip: 3,
    });
    const run = stage
      .run({ ...SCOPE, request_timeout: 60 }, { signal: controller.signal })
      .catch((error) => error);
    await stage.waitForFault();
    controller.abort();
    const { answer: interruptedAnswer } = await run;
    expect(interruptedAnswer).toMatchObject({
      failed: true,
      changed: true,
      error: { code: 'interrupted' },
    });
    expect(interruptedAnswer['removed']).toHaveLength(3);
    const answer = await stage.succeed(SCOPE);
    expect(answer['removed']).toHaveLength(12 - 4);
    expect(stage.emulator.store.snapshot(stage.host.systemId)).toEqual(NO_EDGES);
  });
});
