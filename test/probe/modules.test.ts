import { describe, expect } from 'vitest';
import { edgeOutcome, recordOutcome } from '../../scripts/probe/module-results.ts';
import { QUESTIONS } from '../../scripts/probe/questions.ts';
import type { ModuleName } from '../../src/modules.ts';
import type { Behaviour, WriteBehaviour } from '../emulator/behaviour.ts';
import { newId } from '../emulator/store.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import { test as base } from '../harness/emulator-fixture.ts';

const test = base.extend('prepared', { scope: 'file' }, ({ startWith }) => {
  /**
   * Starts an emulator with a host. Returns both, and a function that runs a module on the host.
   */
  return async (behaviour: Partial<Behaviour>) => {
    const emulator = await startWith({ behaviour });
    const host = await emulator.enrol({ record: { systemInsights: { state: 'enabled' } } });
    const run = async (name: ModuleName, options: Record<string, unknown>) => {
      const connection = { agent_dir: host.agentDir, api_url: emulator.url, timeout: 2 };
      const words = [JSON.stringify({ ...connection, ...options })];
      return JSON.parse((await callInProcess(moduleNamed(name), words)).text);
    };
    return { emulator, host, run };
  };
});

const outcomeOf = (result: { error?: { code: string } }) => result.error?.code ?? 'ok';
const sentence = (id: keyof Behaviour, answer: object) =>
  QUESTIONS.find((question) => question.id === id)?.judge(answer).module ?? '';

const STATUSES = [400, 401, 403, 404, 409, 422, 501, 503];
const ANSWERS: WriteBehaviour[] = [
  { status: 204, effect: true },
  { status: 204, effect: false },
  ...STATUSES.map((status) => ({ status, effect: false })),
];

describe('modules', () => {
  test.for(ANSWERS)(
    'when a write to a dynamic group gets %o, a module run ends as the probe predicts',
    async (answer, { prepared }) => {
      const { emulator, host, run } = await prepared({
        dynamic_join: answer,
        dynamic_leave: answer,
      });
      const membershipMethod = 'DYNAMIC_AUTOMATED';
      const [joined, left] = ['joined', 'left'].map((name) =>
        emulator.store.addNamed('system_group', { name, membershipMethod }),
      );
      emulator.store.join(host.systemId, left ?? '');
      const member = (groups: unknown[], state: string) =>
        run('jumpcloud_group_membership', { groups, state });
      const results = [await member([joined], 'present'), await member([left], 'absent')];
      const expected = [edgeOutcome('add', answer), edgeOutcome('remove', answer)];
      expect(results.map(outcomeOf)).toEqual(expected);
      const texts = [sentence('dynamic_join', answer), sentence('dynamic_leave', answer)];
      expected.forEach((outcome, i) => {
        expect(texts[i]).toContain(outcome === 'ok' ? 'succeeds' : outcome);
      });
    },
  );

  test.for(
    ANSWERS.map(({ status, effect }) => ({ status: status === 204 ? 200 : status, effect })),
  )(
    'a run ends as the probe predicts when a write to the record gets %o',
    async (answer, { prepared }) => {
      const { run } = await prepared({ description: answer, system_insights: answer });
      const results = [
        await run('jumpcloud_system', { description: 'x' }),
        await run('jumpcloud_system', { system_insights: 'deferred' }),
      ];
      expect(results.map(outcomeOf)).toEqual(results.map(() => recordOutcome(answer)));
    },
  );

  test.for([
    { refused: 0, status: 0, lost: 2 },
    { refused: 2, status: 400, lost: 0 },
    { refused: 1, status: 409, lost: 1 },
  ])(
    'a module run ends as the probe predicts when five parallel writes get %o',
    async (parallel_writes, { prepared }) => {
      const { emulator, run } = await prepared({ parallel_writes });
      const groups = Array.from({ length: 5 }, () => emulator.store.addGroup());
      const first = await run('jumpcloud_group_membership', { groups });
      expect(sentence('parallel_writes', parallel_writes)).toContain(outcomeOf(first));
      expect(first.added).toHaveLength(5 - parallel_writes.refused);
    },
  );

  test("a module run ends as the probe predicts when the host's clock is off by more than JumpCloud tolerates", async ({
    prepared,
  }) => {
    const tolerance = async (seconds: number, errorMs: number) => {
      const clock_tolerance = { ahead_s: seconds, behind_s: seconds };
      const { emulator, host, run } = await prepared({ clock_tolerance });
      emulator.shiftHostClock(host.systemId, errorMs);
      return outcomeOf(await run('jumpcloud_system_info', {}));
    };
    expect(await tolerance(15, 20_000)).toBe('unauthorized');
    expect(await tolerance(15, 40_000)).toBe('ok');
    expect(await tolerance(60, 100_000)).toBe('ok');
  });

  test.for([
    { visible_ms: 0, gone_status: 404, outcome: 'ok' },
    { visible_ms: 900, gone_status: 401, outcome: 'ok' },
    { visible_ms: 60_000, gone_status: 401, outcome: 'not_applied' },
    { visible_ms: 0, gone_status: 403, outcome: 'failed' },
  ])(
    'a module run ends as the probe predicts when a deleted record behaves like %o',
    async ({ outcome, ...deleted_record }, { prepared }) => {
      const { run } = await prepared({ deleted_record });
      const result = outcomeOf(await run('jumpcloud_removal', {}));
      expect(outcome === 'failed' ? result !== 'ok' : result === outcome).toBe(true);
    },
  );

  test('a module run ends as the probe predicts: `ok` when a new edge appears after 300 ms, `not_applied` when it takes a minute', async ({
    prepared,
  }) => {
    const lag = async (ms: number) => {
      const { emulator, run } = await prepared({
        graph_lag: { membership_ms: ms, association_ms: ms },
      });
      const groups = [emulator.store.addGroup()];
      return outcomeOf(await run('jumpcloud_group_membership', { groups }));
    };
    expect(await lag(300)).toBe('ok');
    expect(await lag(60_000)).toBe('not_applied');
  });

  test('if a list still contains a deleted object, or ends too early, a module run ends as the probe predicts', async ({
    prepared,
  }) => {
    const listed = { listed: true, counted: true, short: false };
    const first = await prepared({ deleted_in_memberof: listed });
    const groups = [1, 2].map(() => first.emulator.store.addGroup());
    for (const group of groups) first.emulator.store.join(first.host.systemId, group);
    first.emulator.store.delete(groups[1] ?? '');
    const options = { groups: groups.slice(0, 1), exclusive: true };
    const kept = await first.run('jumpcloud_group_membership', options);
    expect(outcomeOf(kept)).toBe('not_applied');
    expect(sentence('deleted_in_memberof', listed)).toContain('not_applied');

    const uncounted = { listed: false, counted: false, short: true };
    const second = await prepared({ deleted_in_memberof: uncounted });
    const many = Array.from({ length: 101 }, () => second.emulator.store.addGroup());
    for (const group of many) second.emulator.store.join(second.host.systemId, group);
    second.emulator.store.delete([...many].sort()[5] ?? '');
    const { groups: read } = await second.run('jumpcloud_system_info', { gather: ['groups'] });
    expect(read.length).toBeLessThan(100);
    expect(sentence('deleted_in_memberof', uncounted)).toContain('end too early');
  });

  test('if the sudo of an edge cannot be updated, a module run ends as the probe predicts', async ({
    prepared,
  }) => {
    for (const [status, effect] of [
      [204, false],
      [400, false],
    ] as const) {
      const { emulator, host, run } = await prepared({
        edge_attributes: { status, effect, unset: 'absent' },
      });
      const user = emulator.store.addUser(newId());
      emulator.store.associate(host.systemId, 'user', user);
      const result = await run('jumpcloud_user_binding', { users: [{ id: user, sudo: true }] });
      expect(outcomeOf(result)).toBe(edgeOutcome('add', { status, effect }));
    }
  });
});
