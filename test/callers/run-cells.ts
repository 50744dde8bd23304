import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../harness/answer.ts';
import { asTestHost, type TestHost } from '../harness/fixture.ts';
import type { Behaviour, Ids } from './behaviour.ts';
import type { Call, Caller, Heard, RunningCaller } from './caller.ts';
import type { TestBed } from './test-bed.ts';

/** What came of one call, with what is particular to its host replaced. */
export interface Outcome {
  readonly answer: Answer;
  /** Method and path of each request that JumpCloud accepted and that was no reading. */
  readonly writes: readonly string[];
  readonly heard: Heard;
}

/** Has a caller see behaviours, each on a host of its own, and returns what came of each by its name. */
export async function runCells(
  bed: TestBed,
  caller: Caller,
  behaviours: readonly Behaviour[],
  ids: Ids,
): Promise<Map<string, Outcome | Error>> {
  const running = await caller.start(bed);
  try {
    const cases = await Promise.all(
      behaviours.map((behaviour) => prepare(bed, running, behaviour, ids)),
    );
    try {
      return await callAll(running, cases);
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

async function callAll(
  running: RunningCaller,
  cases: readonly Case[],
): Promise<Map<string, Outcome | Error>> {
  const over = new AbortController();
  const events = new Map<Case, Error>();
  const happening = cases.map((each) =>
    each.behaviour.meanwhile?.(each.host, over.signal).catch((error) => {
      if (!over.signal.aborted) events.set(each, error);
    }),
  );
  const heard = await running.call(cases.map(({ call }) => call)).finally(() => over.abort());
  await Promise.all(happening);
  return new Map(
    cases.map((each) => {
      const found = events.get(each) ?? heard.get(each.call.id);
      return [each.behaviour.name, outcomeOf(each, found)];
    }),
  );
}

function outcomeOf({ host }: Case, heard: Heard | Error | undefined): Outcome | Error {
  if (heard === undefined) return new Error('There is no answer.');
  if (heard instanceof Error) return heard;
  const writes = host
    .requests()
    .filter(({ method, status }) => method !== 'GET' && status >= 200 && status < 300)
    .map(({ method, url }) => `${method} ${url}`);
  return { answer: general(heard.answer, host), writes: general(writes, host), heard };
}

/** The same without what is particular to a host, or to how fast its requests failed. */
function general<T>(value: T, { options, systemId }: TestHost): T {
  const text = JSON.stringify(value)
    .replaceAll(options.agent_dir, 'AGENT_DIR')
    .replaceAll(systemId, 'SYSTEM_ID')
    .replaceAll(/\d+ attempts in [\d.]+ s/g, 'N attempts in S s')
    .replaceAll(/"(attempts|elapsed)":[\d.]+/g, '"$1":0');
  return JSON.parse(text);
}
