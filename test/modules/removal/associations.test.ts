import { describe, expect, test } from 'vitest';
import { ASSOCIATION_TYPES } from '../../emulator/types.ts';
import { predictionOf } from '../../harness/executable.ts';
import { canHaveMounts, onHostWith } from '../../harness/host-with-programs.ts';
import { program, type Stage, stages } from './stage.ts';

const { enrol, directory } = stages();
const SCOPE = { scope: 'associations' };
const READS = 1 + ASSOCIATION_TYPES.length;

/** Adds `each` edges of each kind to a host. Returns them as a removal reports them. */
function addEdges({ emulator, host }: Stage, each = 2): { type: string; id: string }[] {
  const { store } = emulator;
  const edges: { type: string; id: string }[] = [];
  for (let i = 0; i < each; i++) {
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

const byKey = (edges: unknown) =>
  (edges as { type: string; id: string }[]).map(({ type, id }) => `${type} ${id}`).sort();
const NOTHING = { groups: [], edges: [] };
const posts = (sent: string[]) => sent.filter((line) => line.startsWith('POST'));

describe.concurrent('scope: associations', () => {
  test('the message about one association is in the singular', async () => {
    const stage = await enrol();
    const group = stage.emulator.store.addGroup();
    stage.emulator.store.join(stage.host.systemId, group);
    const predicted = await stage.succeed(SCOPE, { flags: ['--check'] });
    expect(predicted.msg).toBe('Would remove 1 association.');
    expect((await stage.succeed(SCOPE)).msg).toBe('Removed 1 association.');
  });

  test('a removal whose only association is refused reports empty lists', async () => {
    const stage = await enrol();
    const { store, faults } = stage.emulator;
    const group = store.addGroup();
    store.join(stage.host.systemId, group);
    faults.refuse(group, 403);
    const { answer } = await stage.run(SCOPE);
    expect(answer).toMatchObject({ failed: true, changed: false, removed: [], purged: [] });
  });

  test('every association is removed as predicted, and record and files are kept', async () => {
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
    expect(stage.sent()).toEqual(Array(READS).fill('GET 200'));

    const answer = await stage.succeed(SCOPE, { flags: ['--diff'] });
    expect(predicted).toEqual(predictionOf(answer));
    expect(byKey(answer['removed'])).toEqual(byKey(edges));
    expect(answer).toMatchObject({ changed: true, purged: [], warnings: [] });
    expect(answer.msg).toBe('Removed 12 associations.');
    expect(byKey(answer.diff?.before['present'])).toEqual(byKey(edges));
    expect(answer.diff?.after['present']).toEqual([]);
    expect(store.snapshot(stage.host.systemId)).toEqual(NOTHING);
    expect(store.snapshot(other.systemId)).toEqual(before[1]);
    expect(store.record(stage.host.systemId)).toEqual(record);
    expect(stage.files()).toEqual(files);
    const sent = stage.sent();
    expect(posts(sent)).toHaveLength(edges.length);
    expect(sent).toHaveLength(READS + edges.length + READS);

    expect(await stage.succeed(SCOPE)).toMatchObject({ changed: false, removed: [] });
    expect(stage.sent()).toEqual(Array(READS).fill('GET 200'));
    await other.remove();
  });

  test('groups on several pages are all removed', async () => {
    const stage = await enrol();
    const { store } = stage.emulator;
    for (let i = 0; i < 113; i++) store.join(stage.host.systemId, store.addGroup());
    const answer = await stage.succeed(SCOPE);
    expect(answer['removed']).toHaveLength(113);
    expect(store.snapshot(stage.host.systemId)).toEqual(NOTHING);
  });

  test('associations of all kinds are read at the same time', async () => {
    const stage = await enrol();
    stage.emulator.faults.add({ fault: { kind: 'slow', ms: 500 }, times: READS });
    await stage.succeed(SCOPE);
    const ends = stage.emulator.requests.map(({ endedAt }) => endedAt);
    const starts = stage.emulator.requests.map(({ startedAt }) => startedAt);
    expect(Math.max(...starts)).toBeLessThan(Math.min(...ends));
  });

  test('a partly refused removal removes the rest, and the next run finishes it', async () => {
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
    const done = byKey(answer['removed']);
    expect(done).toHaveLength(edges.length - 3);
    expect(answer.error?.['refused']).toHaveLength(3);
    const rest = await stage.succeed(SCOPE);
    expect([...done, ...byKey(rest['removed'])].sort()).toEqual(byKey(edges));
    expect(stage.emulator.store.snapshot(stage.host.systemId)).toEqual(NOTHING);
  });

  test('a removal is reported if its answer is lost, but not if someone else made it', async () => {
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
    expect(byKey(answer['removed'])).toEqual(byKey(expected));
    expect(store.snapshot(stage.host.systemId)).toEqual(NOTHING);
  });

  test('stop_agent stops the agent first, but only if there are associations', async (context) => {
    if (!canHaveMounts()) context.skip('this machine does not allow mount namespaces');
    const stage = await enrol();
    const programs = directory();
    program(programs, 'systemctl', 'exit 3');
    const call = { through: onHostWith({ programs }) };
    const options = { ...SCOPE, stop_agent: true };
    expect((await stage.succeed(options, call)).changed).toBe(false);
    addEdges(stage, 1);
    stage.sent();
    const { answer } = await stage.run(options, call);
    expect(answer).toMatchObject({ changed: false, error: { code: 'local_action_failed' } });
    expect(posts(stage.sent())).toEqual([]);
    program(programs, 'systemctl', 'exit 0');
    expect((await stage.succeed(options, call)).changed).toBe(true);
  });

  test('a host that was already removed has no associations to remove', async () => {
    const stage = await enrol();
    await stage.succeed();
    stage.sent();
    expect(await stage.succeed(SCOPE)).toMatchObject({ changed: false, removed: [] });
    expect(stage.sent()).toEqual([]);
  });

  test('a system that JumpCloud does not accept fails with unauthorized', async () => {
    const stage = await enrol({ ineligible: true });
    const { answer } = await stage.run(SCOPE);
    expect(answer).toMatchObject({ changed: false, error: { code: 'unauthorized' } });
    expect(stage.files()).toHaveLength(5);
  });

  test('an interrupted removal reports its writes, and the next run does the rest', async () => {
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
    await stage.untilFaultMet();
    controller.abort();
    const { answer: partial } = await run;
    expect(partial).toMatchObject({ failed: true, changed: true, error: { code: 'interrupted' } });
    expect(partial['removed']).toHaveLength(3);
    const answer = await stage.succeed(SCOPE);
    expect(answer['removed']).toHaveLength(12 - 4);
    expect(stage.emulator.store.snapshot(stage.host.systemId)).toEqual(NOTHING);
  });
});
