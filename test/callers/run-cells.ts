import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../harness/answer.ts';
import { asTestHost, type TestHost } from '../harness/fixture.ts';
import type { Behaviour, Ids } from './behaviour.ts';
import type { Call, Caller, Observation, RunningCaller } from './caller.ts';
import type { TestBed } from './test-bed.ts';

/** The outcome of one call. Placeholders replace values that are specific to the host. */
export interface CallOutcome {
  readonly answer: Answer;
  /** Method and path of each write that JumpCloud accepted. */
  readonly writes: readonly string[];
  readonly observation: Observation;
}

/**
 * Runs behaviours with a caller, each on a separate host. Returns the outcomes by behaviour name.
 */
export async function runCells(
  bed: TestBed,
  caller: Caller,
  behaviours: readonly Behaviour[],
  ids: Ids,
): Promise<Map<string, CallOutcome | Error>> {
  const running = await caller.start(bed);
  try {
    const cases = await Promise.all(
      behaviours.map((behaviour) => prepare(bed, running, behaviour, ids)),
    );
    try {
      return await runCases(running, cases);
    } finally {
      for (const { host } of cases) await host.remove();
    }
  } finally {
    await running.close?.();
  }
}

interface Case {
  readonly behaviour: Behaviour;
  readonly host: TestHost;
  readonly call: Call;
}

async function prepare(
  { emulator }: TestBed,
  { root = '' }: RunningCaller,
  behaviour: Behaviour,
  ids: Ids,
): Promise<Case> {
  const agentDir = await mkdtemp(join(root === '' ? tmpdir() : join(root, 'opt'), 'agent-'));
  const enrolled = await emulator.enrol({ ...behaviour.enrol, agentDir });
  const host = asTestHost(emulator, enrolled, agentDir.slice(root.length));
  await behaviour.prepare?.(host);
  const { module, check = false, diff = false } = behaviour;
  const options = { ...host.options, ...behaviour.options(ids) };
  const id = behaviour.name.replaceAll(/\W+/g, '_');
  return { behaviour, host, call: { id, module, options, check, diff } };
}

async function runCases(
  running: RunningCaller,
  cases: readonly Case[],
): Promise<Map<string, CallOutcome | Error>> {
  const ended = new AbortController();
  const errors = new Map<Case, Error>();
  const actions = cases.map((each) =>
    each.behaviour.duringCall?.(each.host, ended.signal).catch((error) => {
      if (!ended.signal.aborted) errors.set(each, error);
    }),
  );
  const calls = cases.map(({ call }) => call);
  const observations = await running.call(calls).finally(() => ended.abort());
  await Promise.all(actions);
  return new Map(
    cases.map((each) => {
      const observed = errors.get(each) ?? observations.get(each.call.id);
      return [each.behaviour.name, outcomeOf(each, observed)];
    }),
  );
}

function outcomeOf({ host }: Case, observed: Observation | Error | undefined): CallOutcome | Error {
  if (observed === undefined) return new Error('There is no answer.');
  if (observed instanceof Error) return observed;
  const writes = host
    .requests()
    .filter(({ method, status }) => method !== 'GET' && status >= 200 && status < 300)
    .map(({ method, url }) => `${method} ${url}`);
  return {
    answer: normalize(observed.answer, host),
    writes: normalize(writes, host),
    observation: observed,
  };
}

/**
 * Returns a copy of `value` with placeholders for the agent directory, the system id, and numbers
 * that depend on timing.
 */
function normalize<T>(value: T, { options, systemId }: TestHost): T {
  const text = JSON.stringify(value)
    .replaceAll(options.agent_dir, 'AGENT_DIR')
    .replaceAll(systemId, 'SYSTEM_ID')
    .replaceAll(/\d+ attempts in [\d.]+ s/g, 'N attempts in S s')
    .replaceAll(/"(attempts|elapsed)":[\d.]+/g, '"$1":0');
  return JSON.parse(text);
}
