import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { test as base } from '../harness/emulator-fixture.ts';
import { sampleRows } from '../harness/sample-size.ts';
import { RECORD, stateOf } from './probe-emulator.ts';

/** The request at which a run gets a signal: the nth request of one method, or of all methods. */
interface KillPoint {
  readonly method?: 'PUT' | 'DELETE';
  /** The first creation of a test object is number 1. */
  readonly nth: number;
}

/**
 * The requests at which a run is killed. At some of them, the run has not yet restored the primary
 * user, the description or systemInsights.
 */
const KILL_POINTS = sampleRows<KillPoint>([
  { nth: 1 },
  { nth: 2 },
  { nth: 5 },
  { nth: 10 },
  { method: 'PUT', nth: 1 },
  { nth: 31 },
  { nth: 46 },
  { method: 'PUT', nth: 3 },
  { method: 'PUT', nth: 4 },
  { method: 'DELETE', nth: 5 },
]);

interface StartedProbe {
  readonly run: Promise<{ readonly signal?: string; readonly exitCode?: number }>;
  /** The state of the organisation right before the run created its first test object. */
  readonly cleanedState: () => unknown;
}

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: this pattern shows vitest that no other fixture is needed
  .extend('output', async ({}, { onCleanup }) => {
    const output = await mkdtemp(join(tmpdir(), 'probe-'));
    onCleanup(() => rm(output, { recursive: true }));
    return output;
  })
  .extend('start', ({ emulator, output }) => {
    /**
     * Starts the command. Sends it a signal at the given request, counted from the first
     * creation of an object.
     */
    return (
      host: EnrolledHost,
      signal: 'SIGKILL' | 'SIGINT' | 'SIGHUP',
      { method, nth }: KillPoint,
    ): StartedProbe => {
      const words = ['--yes', '--agent-dir', host.agentDir, '--api-url', emulator.url];
      const command = ['--import', 'tsx', 'scripts/probe.ts', ...words, '--output', output];
      const env = { JUMPCLOUD_API_KEY: emulator.store.addApiKey() };
      const run = execa('node', command, { env, reject: false });
      let cleanedState: unknown;
      let count = 0;
      let isAfterCreation = false;
      // The command sends one request at a time, so these functions are called in the order of
      // requests.
      const isCreation = ({ method, url }: { method: string; url: string }) =>
        method === 'POST' && url === '/api/v2/systemgroups';
      emulator.faults.add({
        when: (request) => isCreation(request) && cleanedState === undefined,
        fault: {
          kind: 'concurrent',
          when: 'before',
          change: () => {
            cleanedState = stateOf(emulator, host);
          },
        },
      });
      const listener = (request: { method: string; url: string }) => {
        isAfterCreation ||= isCreation(request);
        if (!isAfterCreation || request.method !== (method ?? request.method)) return;
        if (++count === nth) run.kill(signal);
      };
      emulator.onRequest.push(listener);
      void run.then(() => emulator.onRequest.splice(emulator.onRequest.indexOf(listener), 1));
      return { run, cleanedState: () => cleanedState };
    };
  });

async function enrolPreparedHost(emulator: Emulator): Promise<EnrolledHost> {
  const host = await emulator.enrol({ record: structuredClone(RECORD) });
  addSampleObjects(emulator.store, host.systemId);
  return host;
}

test('after a killed probe run, the next run first removes the left-overs', async ({
  emulator,
  start,
}) => {
  const host = await enrolPreparedHost(emulator);
  const before = stateOf(emulator, host);
  const changed = [];
  for (const point of KILL_POINTS) {
    const { run, cleanedState } = start(host, 'SIGKILL', point);
    expect((await run).signal).toBe('SIGKILL');
    expect(cleanedState(), `at the start of the run killed at ${JSON.stringify(point)}`).toEqual(
      before,
    );
    changed.push(JSON.stringify(stateOf(emulator, host)) !== JSON.stringify(before));
  }
  expect(changed).toEqual(KILL_POINTS.map(() => true));
  const { run, cleanedState } = start(host, 'SIGKILL', { nth: Infinity });
  expect((await run).exitCode).toBe(0);
  expect(cleanedState(), 'at the start of the last run').toEqual(before);
  expect(stateOf(emulator, host)).toEqual(before);
}, 300_000);

test.for(['SIGINT', 'SIGHUP'] as const)(
  'after %s, a probe run cleans up, writes its report and exits with 130',
  { timeout: 60_000 },
  async (signal, { emulator, start, output }) => {
    const host = await enrolPreparedHost(emulator);
    const before = stateOf(emulator, host);
    const { run } = start(host, signal, { nth: 31 });
    expect((await run).exitCode).toBe(130);
    expect(stateOf(emulator, host)).toEqual(before);
    expect((await readdir(output)).sort()).toEqual(['probe-report.json', 'probe-report.md']);
    const report = JSON.parse(await readFile(join(output, 'probe-report.json'), 'utf8'));
    const verdicts = report.questions.map(({ verdict }: { verdict: string }) => verdict);
    expect(verdicts).toContain('as assumed');
    expect(verdicts).toContain('not asked');
  },
);
