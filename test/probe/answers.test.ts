import { describe, expect } from 'vitest';
import { LAST_QUESTION, QUESTIONS } from '../../scripts/probe/questions.ts';
import { toReport } from '../../scripts/probe/report.ts';
import { ASSUMED_BEHAVIOUR, type Behaviour, behaviourOf } from '../emulator/behaviour.ts';
import { addDynamicGroup, addSampleObjects } from '../emulator/sample-objects.ts';
import { test as base } from '../harness/emulator-fixture.ts';
import { isRoot } from '../harness/is-root.ts';
import { answersOf, probe, RECORD, stateOf, verdictsOf } from './probe-emulator.ts';

const test = base.extend('prepared', { scope: 'file' }, ({ startWith }) => {
  return async (behaviour: Partial<Behaviour>) => {
    const emulator = await startWith({ behaviour });
    const host = await emulator.enrol({ record: structuredClone(RECORD) });
    addSampleObjects(emulator.store, host.systemId);
    addDynamicGroup(emulator.store, [host.systemId]);
    return { emulator, host };
  };
});

/** The questions whose answers the emulator cannot change. */
const UNCHANGEABLE_QUESTIONS = ['agent_files', 'dynamic_memberships', 'command_filter'];

/**
 * A behaviour of the emulator. The probe must report its answers to the questions in `asAssumed` as
 * assumed.
 */
interface Case {
  readonly behaviour: Partial<Behaviour>;
  readonly asAssumed: readonly (keyof Behaviour)[];
}

const write = (status: number, effect: boolean) => ({ status, effect });
const deleted = (listed: boolean, counted: boolean, short: boolean) => ({
  listed,
  counted,
  short,
});

/** Behaviours that differ from the assumptions. Together, they cover each kind of answer. */
const DEVIATIONS: Readonly<Record<string, Case>> = {
  refusals: {
    behaviour: {
      dynamic_join: write(404, false),
      dynamic_leave: write(409, false),
      repeated_add: { membership: 400, association: 403 },
      repeated_remove: { membership: 400, association: 409 },
      parallel_writes: { refused: 2, status: 409, lost: 0 },
      deleted_in_memberof: deleted(false, false, false),
      deleted_in_users: deleted(false, false, false),
      deleted_in_associations: deleted(false, false, false),
      description: write(400, false),
      primary_user: { status: 403, effect: false, form: 'flat' },
      edge_attributes: { status: 400, effect: false, unset: 'absent' },
      clock_tolerance: { ahead_s: 15, behind_s: 750 },
      further_reads: { usergroups: 401, policygroups: 403, policy_memberof: 404 },
    },
    asAssumed: [],
  },
  'answers without effect': {
    behaviour: {
      dynamic_join: write(201, false),
      dynamic_leave: write(422, false),
      repeated_add: { membership: 204, association: 200 },
      repeated_remove: { membership: 204, association: 204 },
      parallel_writes: { refused: 0, status: 0, lost: 3 },
      deleted_in_memberof: deleted(false, false, true),
      deleted_in_users: deleted(false, false, true),
      deleted_in_associations: deleted(false, false, true),
      description: write(200, false),
      primary_user: { status: 200, effect: false, form: 'none' },
      edge_attributes: { status: 204, effect: false, unset: 'empty' },
      clock_tolerance: { ahead_s: 45, behind_s: 46_800 },
    },
    asAssumed: [],
  },
  'other effects': {
    behaviour: {
      dynamic_join: write(204, true),
      dynamic_leave: write(204, true),
      parallel_writes: { refused: 1, status: 400, lost: 1 },
      deleted_in_memberof: deleted(true, true, false),
      deleted_in_users: deleted(true, true, false),
      deleted_in_associations: deleted(true, true, false),
      system_insights: write(400, false),
      primary_user: { status: 200, effect: true, form: 'flat' },
      clock_tolerance: { ahead_s: 5400, behind_s: 265 },
    },
    asAssumed: ['primary_user'],
  },
  'a lag': {
    behaviour: {
      system_insights: write(200, false),
      graph_lag: { membership_ms: 400, association_ms: 400 },
      rate_limit: { limited: true, requests: 30, seconds: 1, retry_after: 'date', wait_s: 1 },
      dynamic_join: write(403, false),
      dynamic_leave: write(204, false),
    },
    asAssumed: ['graph_lag', 'rate_limit', 'dynamic_join', 'dynamic_leave'],
  },
};

describe('the probe against an emulator', () => {
  test('the probe judges each assumed answer "as assumed" and restores everything', async ({
    prepared,
  }) => {
    const { emulator, host } = await prepared({});
    const before = stateOf(emulator, host);
    const outcome = await probe(emulator, host);
    expect(stateOf(emulator, host)).toEqual(before);
    const { agent_files, rate_limit, ...verdicts } = verdictsOf(outcome);
    expect(rate_limit).toBe('open');
    // The files of an enrolled host belong to the user who runs the tests.
    expect(agent_files).toBe(isRoot ? 'as assumed' : 'otherwise');
    expect(new Set(Object.values(verdicts))).toEqual(new Set(['as assumed']));
    expect(outcome.unasked.map(({ id }) => id)).toEqual(['deleted_record']);
    expect(outcome.cleanUp).toMatchObject({ left: [], isRecordRestored: true });
    expect(outcome.requests).toBeLessThan(250);
    expect(emulator.requests.filter(({ method }) => method === 'PATCH')).toEqual([]);
  });

  test.for(Object.entries(DEVIATIONS))(
    'the probe reports the answers of the case "%s" with their verdicts, and restores everything',
    async ([, { behaviour, asAssumed }], { prepared }) => {
      const { emulator, host } = await prepared(behaviour);
      const before = stateOf(emulator, host);
      const outcome = await probe(emulator, host);
      expect(stateOf(emulator, host)).toEqual(before);
      const { graph_lag, rate_limit, ...answers } = answersOf(outcome);
      const { graph_lag: lag, rate_limit: limit, ...others } = behaviour;
      expect(answers).toMatchObject(others);
      if (limit !== undefined) {
        const { retry_after, wait_s } = limit;
        expect(rate_limit).toMatchObject({ limited: true, retry_after, wait_s });
      }
      if (lag !== undefined) expect(shortest(graph_lag)).toBeGreaterThan(lag.membership_ms / 2);
      const verdicts = verdictsOf(outcome);
      const expected = Object.keys(behaviour).map((id) => [
        id,
        asAssumed.includes(id as keyof Behaviour) ? 'as assumed' : 'otherwise',
      ]);
      expect(verdicts).toMatchObject(Object.fromEntries(expected));
      const report = toReport(outcome, outcome.anonymiser);
      const { graph_lag: _, rate_limit: __, ...learned } = behaviourOf(JSON.stringify(report));
      expect(learned).toMatchObject(others);
      if (behaviour.description?.effect !== false) return;
      // The probe stores the state of systemInsights in the description. If it cannot store the
      // state, it does not change systemInsights.
      const written = emulator.requests.map(({ body }) => JSON.stringify(body ?? ''));
      expect(written.filter((text) => text.includes('systemInsights"'))).toEqual([]);
    },
  );

  test('the probe deletes the record only on demand, after the clean-up', async ({ prepared }) => {
    const deleted_record = { visible_ms: 300, gone_status: 404 };
    const { emulator, host } = await prepared({ deleted_record });
    const outcome = await probe(emulator, host, { deletesRecord: true });
    const { visible_ms, gone_status } = Object(answersOf(outcome)['deleted_record']);
    expect(visible_ms).toBeGreaterThan(200);
    expect(gone_status).toBe(404);
    expect(verdictsOf(outcome)['deleted_record']).toBe('as assumed');
    expect(emulator.store.systems.has(host.systemId)).toBe(false);
    const deletion = emulator.requests.findIndex(
      ({ method, url }) => method === 'DELETE' && url === `/api/systems/${host.systemId}`,
    );
    const later = emulator.requests.slice(deletion + 1);
    expect(new Set(later.map(({ method }) => method))).toEqual(new Set(['GET']));
  });
});

describe('behaviourOf', () => {
  test('behaviourOf returns no behaviour for a report without answers', () => {
    expect(
      behaviourOf('{"questions":[{"id":"description"},{"id":"toString","answer":{}}]}'),
    ).toEqual({});
  });

  test('ASSUMED_BEHAVIOUR has an entry for each question of the probe, except those whose answers the emulator cannot change', () => {
    const ids = [...QUESTIONS, LAST_QUESTION].map(({ id }) => id);
    expect(ids.filter((id) => !(id in ASSUMED_BEHAVIOUR))).toEqual(UNCHANGEABLE_QUESTIONS);
    expect(Object.keys(ASSUMED_BEHAVIOUR).filter((id) => !ids.includes(id))).toEqual([]);
  });

  test.each([
    ['[]', 'questions'],
    ['{', 'JSON'],
    ['{"questions":[{"id":"description","answer":{"status":"200"}}]}', 'description.status'],
  ])('behaviourOf refuses the text %s', (text, reason) => {
    expect(() => behaviourOf(text)).toThrow(reason);
  });
});

function shortest(lag: unknown): number {
  return Math.min(...Object.values(Object(lag)).map(Number));
}
