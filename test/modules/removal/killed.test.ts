import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { FaultRule, FaultTarget } from '../../emulator/faults.ts';
import { type CallOptions, executablePath } from '../../harness/executable.ts';
import { canHaveMounts, onHostWithPrograms } from '../../harness/host-with-programs.ts';
import { preload } from '../../preload.ts';
import { type Stage, setUpStages, TOMBSTONE, writeProgram } from './stage.ts';

const { enrol, directory } = setUpStages();
const OPTIONS = { purge_identity: true, stop_agent: true };
const KILL_PRELOAD = preload(new URL('kill-at-step.cjs', import.meta.url).pathname);

beforeEach((context) => {
  if (!canHaveMounts()) context.skip('this machine does not allow mount namespaces');
});

/** Starts a removal on a host where systemctl runs the given shell script. */
function startRemoval(stage: Stage, script: string, env: Record<string, string> = {}) {
  const programs = directory();
  writeProgram(programs, 'systemctl', script);
  const through = onHostWithPrograms({ programs });
  const call: CallOptions = { env: { JUMPCLOUD_NODE: process.execPath }, through };
  const options = JSON.stringify(stage.options({ ...OPTIONS, request_timeout: 60 }));
  const [file = '', ...words] = [...through, executablePath('jumpcloud_removal'), options];
  const running = execa(file, words, {
    env: { ...call.env, ...env },
    reject: false,
    stdin: 'ignore',
  });
  return { running, call };
}

/**
 * Expects that the host still has its key if its record exists, and that the next run completes the
 * removal.
 */
async function expectNextRunCompletes(stage: Stage, call: CallOptions): Promise<void> {
  if (stage.hasRecord()) {
    expect([stage.has('client.key'), stage.has('jcagent.conf')]).toEqual([true, true]);
  }
  stage.emulator.faults.clear();
  await stage.succeed(OPTIONS, call);
  expect(stage.hasRecord()).toBe(false);
  expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  stage.sent();
  const last = await stage.succeed(OPTIONS, call);
  expect(last).toMatchObject({ changed: false, warnings: [] });
  expect(stage.sent()).toEqual([]);
}

const HELD_REQUESTS: [name: string, rule: FaultRule, requests: number][] = [
  ['reading the record', { fault: { kind: 'silence' } }, 1],
  ['sending a DELETE without effect', { fault: { kind: 'silence' }, when: isDelete }, 2],
  [
    'waiting for the answer to the DELETE',
    { fault: { kind: 'silence', applied: true }, when: isDelete },
    2,
  ],
  ['sending a DELETE with a late effect', { fault: { kind: 'slow', ms: 700 }, when: isDelete }, 2],
  ['reading back', { fault: { kind: 'silence' }, skip: 1, when: (target) => !isDelete(target) }, 3],
];

function isDelete({ method }: FaultTarget): boolean {
  return method === 'DELETE';
}

test('a removal that is interrupted during a wait after a 429 leaves no marker', async () => {
  const stage = await enrol();
  const fault = { kind: 'status', status: 429, retryAfter: 20 } as const;
  stage.emulator.faults.add({ fault, when: isDelete });
  const { running } = startRemoval(stage, 'exit 0');
  await stage.waitForFault();
  await expect.poll(() => stage.emulator.requests.at(-1)?.status).toBe(429);
  await new Promise((resolve) => setTimeout(resolve, 500));
  running.kill('SIGTERM');
  expect(JSON.parse((await running).stdout)).toMatchObject({ error: { code: 'interrupted' } });
  expect(stage.files()).not.toContain('.removing-from-jumpcloud');
  expect(stage.hasRecord()).toBe(true);
});

describe.concurrent('a killed removal', () => {
  test.each(HELD_REQUESTS)(
    'the next run completes a removal that was killed while %s',
    async (_, rule, requests) => {
      const stage = await enrol();
      stage.emulator.faults.add(rule);
      const { running, call } = startRemoval(stage, 'exit 0');
      await stage.waitForFault();
      expect(stage.emulator.requests).toHaveLength(requests);
      running.kill('SIGKILL');
      expect(await running).toMatchObject({ signal: 'SIGKILL', stdout: '' });
      await expectNextRunCompletes(stage, call);
    },
  );

  test('the next run completes a removal that was killed while stopping the agent', async () => {
    const stage = await enrol();
    const once = join(directory(), 'once');
    const script = `[ -e ${once} ] && exit 0; : > ${once}; exec /bin/sleep 3`;
    const { running, call } = startRemoval(stage, script);
    await vi.waitFor(() => expect(existsSync(once)).toBe(true), 20_000);
    running.kill('SIGKILL');
    await running;
    expect(stage.hasRecord()).toBe(true);
    await expectNextRunCompletes(stage, call);
  });

  // Three changes create the lock, four write and rename marker and tombstone, and six remove
  // marker, lock and four identity files.
  const STEPS = 13;
  const steps = Array.from({ length: STEPS }, (_, i) => i + 1);
  test.each([...steps, '1 torn', '4 torn', '6 torn'])(
    'the next run completes a removal that was killed at file change %s',
    async (step) => {
      const stage = await enrol();
      const { running, call } = startRemoval(stage, 'exit 0', {
        ...KILL_PRELOAD,
        KILL_AT: `${step}`,
      });
      expect(await running).toMatchObject({ signal: 'SIGKILL', stdout: '' });
      await expectNextRunCompletes(stage, call);
    },
  );

  test('the next run completes a purge that was killed after it could not write the tombstone', async () => {
    const stage = await enrol();
    mkdirSync(stage.path(TOMBSTONE));
    // Three changes create the lock, two write the marker, and two fail to write the tombstone.
    // Then the run removes the temporary file, the lock and the first identity file.
    const { running, call } = startRemoval(stage, 'exit 0', { ...KILL_PRELOAD, KILL_AT: '11' });
    expect(await running).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    const answer = await stage.succeed(OPTIONS, call);
    expect(answer).toMatchObject({ changed: true, removed: [] });
    expect(answer['purged']).toHaveLength(3);
  });

  test(`a removal makes ${STEPS} changes to the file system`, async () => {
    const stage = await enrol();
    const { running } = startRemoval(stage, 'exit 0', {
      ...KILL_PRELOAD,
      KILL_AT: `${STEPS + 1}`,
    });
    expect(await running).toMatchObject({ exitCode: 0 });
  });
});

describe.concurrent('an interrupted removal', () => {
  const removedSystem = (stage: Stage) => [{ type: 'system', id: stage.host.systemId }];

  test.each(HELD_REQUESTS)(
    'the next run completes a removal that was interrupted while %s',
    async (name, rule, requests) => {
      const stage = await enrol();
      stage.emulator.faults.add(rule);
      const { running, call } = startRemoval(stage, 'exit 0');
      await stage.waitForFault();
      expect(stage.emulator.requests).toHaveLength(requests);
      running.kill(name === 'reading the record' ? 'SIGINT' : 'SIGTERM');
      const { stdout, stderr, exitCode } = await running;
      expect([exitCode, stderr]).toEqual([1, '']);
      const answer = JSON.parse(stdout);
      expect(answer).toMatchObject({
        failed: true,
        changed: name === 'reading back',
        error: { code: 'interrupted' },
      });
      if (name === 'reading back') expect(answer.removed).toEqual(removedSystem(stage));
      if (name.includes('late effect')) {
        const { store } = stage.emulator;
        await vi.waitFor(() => expect(store.systems.has(stage.host.systemId)).toBe(false), 20_000);
      }
      await expectNextRunCompletes(stage, call);
    },
  );

  test('a removal that is interrupted while stopping the agent ends within two seconds', async () => {
    const stage = await enrol();
    const once = join(directory(), 'once');
    const script = `[ -e ${once} ] && exit 0; trap '' TERM; : > ${once}; /bin/sleep 3; exit 0`;
    const { running, call } = startRemoval(stage, script);
    await vi.waitFor(() => expect(existsSync(once)).toBe(true), 20_000);
    const interruptedAt = performance.now();
    running.kill('SIGTERM');
    const { stdout, exitCode } = await running;
    expect(performance.now() - interruptedAt).toBeLessThan(2000);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      failed: true,
      changed: false,
      error: { code: 'interrupted' },
    });
    expect(stage.sent()).toEqual(['GET 200']);
    await expectNextRunCompletes(stage, call);
  });
});
