import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FaultRule, FaultTarget } from '../../emulator/faults.ts';
import { type CallOptions, executablePath } from '../../harness/executable.ts';
import { canHaveMounts, onHostWith } from '../../harness/host-with-programs.ts';
import { preload } from '../../preload.ts';
import { program, type Stage, stages, TOMBSTONE } from './stage.ts';

const { enrol, directory } = stages();
const OPTIONS = { purge_identity: true, stop_agent: true };
const KILLS = preload(new URL('kill-at-step.cjs', import.meta.url).pathname);

beforeEach((context) => {
  if (!canHaveMounts()) context.skip('this machine lets no test have mounts of its own');
});

/** A removal that has not ended yet, on a host with a systemctl of these shell lines. */
function start(stage: Stage, does: string, env: Record<string, string> = {}) {
  const programs = directory();
  program(programs, 'systemctl', does);
  const through = onHostWith({ programs });
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

/** The host is as good as any other, and the next run brings what this one left to its end. */
async function expectConvergence(stage: Stage, call: CallOptions): Promise<void> {
  if (stage.isRecordThere()) {
    expect([stage.has('client.key'), stage.has('jcagent.conf')]).toEqual([true, true]);
  }
  stage.emulator.faults.clear();
  await stage.succeed(OPTIONS, call);
  expect(stage.isRecordThere()).toBe(false);
  expect(stage.files()).toEqual([TOMBSTONE, 'version.txt']);
  stage.sent();
  const last = await stage.succeed(OPTIONS, call);
  expect(last).toMatchObject({ changed: false, warnings: [] });
  expect(stage.sent()).toEqual([]);
}

const HELD: [name: string, rule: FaultRule, requests: number][] = [
  ['reading', { fault: { kind: 'silence' } }, 1],
  ['deleting, before it took effect', { fault: { kind: 'silence' }, when: isDelete }, 2],
  ['deleting, after', { fault: { kind: 'silence', applied: true }, when: isDelete }, 2],
  ['deleting, and it takes effect later', { fault: { kind: 'slow', ms: 700 }, when: isDelete }, 2],
  ['verifying', { fault: { kind: 'silence' }, skip: 1, when: (target) => !isDelete(target) }, 3],
];

function isDelete({ method }: FaultTarget): boolean {
  return method === 'DELETE';
}

test('a removal that ends while it waits after a 429 to its DELETE leaves no marker', async () => {
  const stage = await enrol();
  const fault = { kind: 'status', status: 429, retryAfter: 20 } as const;
  stage.emulator.faults.add({ fault, when: isDelete });
  const { running } = start(stage, 'exit 0');
  await stage.faultMet();
  await expect.poll(() => stage.emulator.requests.at(-1)?.status).toBe(429);
  await new Promise((resolve) => setTimeout(resolve, 500));
  running.kill('SIGTERM');
  expect(JSON.parse((await running).stdout)).toMatchObject({ error: { code: 'interrupted' } });
  expect(stage.files()).not.toContain('.removing-from-jumpcloud');
  expect(stage.isRecordThere()).toBe(true);
});

describe.concurrent('a removal killed', () => {
  test.each(HELD)('while %s', async (_, rule, requests) => {
    const stage = await enrol();
    stage.emulator.faults.add(rule);
    const { running, call } = start(stage, 'exit 0');
    await stage.faultMet();
    expect(stage.emulator.requests).toHaveLength(requests);
    running.kill('SIGKILL');
    expect(await running).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    await expectConvergence(stage, call);
  });

  test('while stopping the agent', async () => {
    const stage = await enrol();
    const once = join(directory(), 'once');
    const does = `[ -e ${once} ] && exit 0; : > ${once}; exec /bin/sleep 3`;
    const { running, call } = start(stage, does);
    await expect.poll(() => existsSync(once), { timeout: 20_000 }).toBe(true);
    running.kill('SIGKILL');
    await running;
    expect(stage.isRecordThere()).toBe(true);
    await expectConvergence(stage, call);
  });

  // The lock is written and linked, its temporary file is removed; marker and tombstone are written
  // and renamed; marker, lock and four files are removed.
  const STEPS = 13;
  const steps = Array.from({ length: STEPS }, (_, i) => i + 1);
  test.each([...steps, '1 torn', '4 torn', '6 torn'])(
    'at step %s of its changes to files',
    async (step) => {
      const stage = await enrol();
      const { running, call } = start(stage, 'exit 0', { ...KILLS, KILL_AT: `${step}` });
      expect(await running).toMatchObject({ signal: 'SIGKILL', stdout: '' });
      await expectConvergence(stage, call);
    },
  );

  test('while purging is at its end without a tombstone, too', async () => {
    const stage = await enrol();
    mkdirSync(stage.path(TOMBSTONE));
    // The lock's three steps, the marker's two, the tombstone's two that fail and the removal of its
    // temporary file, the removal of the lock, the first file.
    const { running, call } = start(stage, 'exit 0', { ...KILLS, KILL_AT: '11' });
    expect(await running).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    const answer = await stage.succeed(OPTIONS, call);
    expect(answer).toMatchObject({ changed: true, removed: [] });
    expect(answer['purged']).toHaveLength(3);
  });

  test('would be through after those', async () => {
    const stage = await enrol();
    const { running } = start(stage, 'exit 0', {
      ...KILLS,
      KILL_AT: `${STEPS + 1}`,
    });
    expect(await running).toMatchObject({ exitCode: 0 });
  });
});

describe.concurrent('a removal asked to end', () => {
  const done = (stage: Stage) => [{ type: 'system', id: stage.host.systemId }];

  test.each(HELD)('while %s', async (name, rule, requests) => {
    const stage = await enrol();
    stage.emulator.faults.add(rule);
    const { running, call } = start(stage, 'exit 0');
    await stage.faultMet();
    expect(stage.emulator.requests).toHaveLength(requests);
    running.kill(name === 'reading' ? 'SIGINT' : 'SIGTERM');
    const { stdout, stderr, exitCode } = await running;
    expect([exitCode, stderr]).toEqual([1, '']);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      failed: true,
      changed: name === 'verifying',
      error: { code: 'interrupted' },
    });
    if (name === 'verifying') expect(answer.removed).toEqual(done(stage));
    await expectConvergence(stage, call);
  });

  test('while stopping the agent does not wait for it', async () => {
    const stage = await enrol();
    const once = join(directory(), 'once');
    const does = `[ -e ${once} ] && exit 0; trap '' TERM; : > ${once}; /bin/sleep 3; exit 0`;
    const { running, call } = start(stage, does);
    await expect.poll(() => existsSync(once), { timeout: 20_000 }).toBe(true);
    const asked = performance.now();
    running.kill('SIGTERM');
    const { stdout, exitCode } = await running;
    expect(performance.now() - asked).toBeLessThan(2000);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      failed: true,
      changed: false,
      error: { code: 'interrupted' },
    });
    expect(stage.sent()).toEqual(['GET 200']);
    await expectConvergence(stage, call);
  });
});
