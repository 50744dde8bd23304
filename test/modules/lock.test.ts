import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { newLock } from '../../src/agent/lock-file.ts';
import type { Attribute } from '../../src/api/systems.ts';
import { mountTmpfs } from '../faults/tmpfs.ts';
import type { Answer } from '../harness/answer.ts';
import { executablePath } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { preload } from '../preload.ts';

const LOCK = '.jumpcloud-system.lock';
const HOUR_MS = 3_600_000;
const SHIFTED = preload(new URL('shift-clock.cjs', import.meta.url).pathname);
const hasNamespaces = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

const lockOf = ({ agentDir }: TestHost) => join(agentDir, LOCK);
const leftOf = ({ agentDir }: TestHost) =>
  readdirSync(agentDir).filter((name) => name.startsWith('.'));

/** Starts a run that sets one attribute, behind whatever words come first. */
function start(host: TestHost, name: string, words: readonly string[] = [], more: object = {}) {
  const options = JSON.stringify({ ...host.options, attributes: { [name]: '1' }, ...more });
  const command = [...words, executablePath('jumpcloud_system'), options];
  return execa(command[0] as string, command.slice(1), { reject: false, stdin: 'ignore' });
}

async function set(host: TestHost, name: string, more: object = {}): Promise<Answer> {
  return (await host.run('jumpcloud_system', { attributes: { [name]: '1' }, ...more })).answer;
}

/** Starts a run that has the lock and gets no answer to its PUT. */
async function startHolding(host: TestHost, words: readonly string[] = [], more: object = {}) {
  host.hit({ kind: 'silence' }, { method: 'PUT' });
  const holder = start(host, 'held', words, { request_timeout: 60, ...more });
  await expect.poll(() => host.requests().at(-1)?.method, { timeout: 20_000 }).toBe('PUT');
  // A promise itself would be waited for.
  return { holder };
}

/** What is in a lock whose process has ended. */
function deadLock(change: object = {}): string {
  return JSON.stringify({ ...newLock(HOUR_MS), start: '1', ...change });
}

const names = (attributes: readonly Attribute[]) => attributes.map(({ name }) => name).sort();

describe('runs at the same time', () => {
  test('lose no attribute of each other', { timeout: 120_000 }, async ({ emulator, enrol }) => {
    for (let round = 0; round < 3; round++) {
      const host = await enrol();
      // Found dead by all of them.
      writeFileSync(lockOf(host), deadLock());
      const all = Array.from({ length: 6 }, (_, i) => `a${i}`);
      const answers = await Promise.all(all.map((name) => set(host, name)));
      expect(answers.map(({ changed, failed }) => [changed, failed])).toEqual(
        all.map(() => [true, undefined]),
      );
      expect(names(emulator.store.record(host.systemId).attributes)).toEqual(all);
      expect(leftOf(host)).toEqual([]);
    }
  });

  test('lose none when the clock of one is an hour ahead', async ({ emulator, host }) => {
    host.hit({ kind: 'slow', ms: 1500 }, { method: 'PUT' });
    const first = start(host, 'first');
    await expect.poll(() => host.requests().at(-1)?.method, { timeout: 20_000 }).toBe('PUT');
    const env = { ...SHIFTED, CLOCK_AHEAD_MS: `${HOUR_MS}` };
    const attributes = { second: '1' };
    const { answer } = await host.run('jumpcloud_system', { attributes }, { env });
    expect(answer).toMatchObject({ changed: true });
    expect(JSON.parse((await first).stdout)).toMatchObject({ changed: true });
    expect(names(emulator.store.record(host.systemId).attributes)).toEqual(['first', 'second']);
  });

  test('wait for the one that writes, and say so when it does not end', async ({ host }) => {
    const { holder } = await startHolding(host);
    const answer = await set(host, 'waiting', { timeout: 1 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toContain(
      `the lock ${lockOf(host)} within 1 s: another run (process ${holder.pid}) holds it`,
    );
    expect(existsSync(lockOf(host))).toBe(true);
    holder.kill('SIGKILL');
    await holder;
    expect(await set(host, 'next')).toMatchObject({ changed: true, warnings: [] });
    expect(leftOf(host)).toEqual([]);
  });

  test('end within a second when they wait and are asked to', async ({ host }) => {
    const { holder } = await startHolding(host);
    const waiting = start(host, 'waiting');
    await expect.poll(() => host.requests().length, { timeout: 20_000 }).toBe(4);
    const asked = performance.now();
    waiting.kill('SIGTERM');
    const { stdout } = await waiting;
    expect(performance.now() - asked).toBeLessThan(2000);
    expect(JSON.parse(stdout)).toMatchObject({ failed: true, error: { code: 'interrupted' } });
    holder.kill('SIGKILL');
    await holder;
  });
});

describe('a lock that does not hold', () => {
  const rows: [name: string, plant: (path: string) => void][] = [
    ['whose process is gone', (path) => writeFileSync(path, deadLock({ pid: 99_999_999 }))],
    ['whose number another process has', (path) => writeFileSync(path, deadLock({ pid: 1 }))],
    [
      'of an earlier boot',
      (path) => writeFileSync(path, JSON.stringify({ ...newLock(HOUR_MS), boot: '0'.repeat(32) })),
    ],
    [
      'of another container, past its time',
      (path) => {
        const { from, ...lock } = newLock(HOUR_MS);
        const past = { from: from - 10, until: from - 5, namespace: '1' };
        writeFileSync(path, JSON.stringify({ ...lock, ...past }));
      },
    ],
    [
      'that names a living process and a date years ahead, and nothing else',
      (path) => writeFileSync(path, JSON.stringify({ pid: process.pid, until: 9e15 })),
    ],
    ['that is empty', (path) => writeFileSync(path, '')],
    ['that is half written', (path) => writeFileSync(path, deadLock().slice(0, 40))],
    ['that is a link to nothing', (path) => symlinkSync('/nonexistent/lock', path)],
    ['that is a FIFO', (path) => void spawnSync('mkfifo', [path])],
    ['that is a huge file', (path) => writeFileSync(path, 'x'.repeat(2_000_000))],
  ];
  test.for(rows)('%s is taken over', async ([, plant], { host }) => {
    plant(lockOf(host));
    expect(await set(host, 'a')).toMatchObject({ changed: true, warnings: [] });
    expect(leftOf(host)).toEqual([]);
  });

  test('is taken over although the run that did so before was killed', async ({ host }) => {
    const dead = JSON.parse(deadLock());
    writeFileSync(lockOf(host), JSON.stringify(dead));
    const takeover = deadLock();
    writeFileSync(`${lockOf(host)}.${dead.id}`, takeover);
    writeFileSync(`${lockOf(host)}.${dead.id}.${JSON.parse(takeover).id}`, deadLock());
    expect(await set(host, 'a')).toMatchObject({ changed: true, warnings: [] });
    expect(leftOf(host)).toEqual([]);
  });

  test('of the number that this run has itself is taken over', async ({ host, skip }) => {
    if (!hasNamespaces) skip('this machine lets no test have a pid namespace');
    // The first process of a container has the same number each time.
    const container = ['unshare', '--pid', '--fork', '--mount-proc'];
    const lock = JSON.stringify({ ...newLock(0), pid: 1, namespace: '1', until: 0, from: 0 });
    writeFileSync(lockOf(host), lock);
    const { stdout } = await start(host, 'a', container);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, warnings: [] });
    expect(leftOf(host)).toEqual([]);
  });
});

describe('a lock whose process cannot be seen', () => {
  const container = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

  test('is waited for, and the failure says that it cannot be judged', async ({ host, skip }) => {
    if (!hasNamespaces) skip('this machine lets no test have a pid namespace');
    const { holder } = await startHolding(host, container);
    const answer = await set(host, 'waiting', { timeout: 1 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toMatch(/process \d+ holds it, and cannot be seen from here/);
    expect(answer.msg).toMatch(/or delete the lock if there is no such process\.$/);
    holder.kill('SIGKILL');
    await holder;
  });

  test('holds no longer than its run had time for', async ({ host, skip }) => {
    if (!hasNamespaces) skip('this machine lets no test have a pid namespace');
    const { holder } = await startHolding(host, container, { timeout: 4 });
    holder.kill('SIGKILL');
    await holder;
    expect(await set(host, 'next', { timeout: 20 })).toMatchObject({ changed: true });
    expect(leftOf(host)).toEqual([]);
  });
});

describe('a lock that cannot be made', () => {
  const withoutLock = expect.stringContaining('Attributes were written without a lock');

  test('because the disk is full is warned of, and leaves nothing', async ({ enrol, skip }) => {
    const disk = mountTmpfs(64 * 1024);
    if (disk === undefined) return skip('this machine lets no test mount a file system');
    try {
      const host = await enrol({ agentDir: disk.path });
      disk.fill();
      for (const name of ['a', 'b']) {
        expect(await set(host, name)).toMatchObject({ changed: true, warnings: [withoutLock] });
      }
      expect(leftOf(host)).toEqual([]);
    } finally {
      disk.unmount();
    }
  });

  test('because a directory is there is warned of, and keeps what is in it', async ({ host }) => {
    mkdirSync(lockOf(host));
    writeFileSync(join(lockOf(host), 'precious'), 'precious');
    expect(await set(host, 'a')).toMatchObject({ changed: true, warnings: [withoutLock] });
    expect(readFileSync(join(lockOf(host), 'precious'), 'utf8')).toBe('precious');
    expect(leftOf(host)).toEqual([LOCK]);
  });

  test('because the directory belongs to someone else is warned of', async ({ host, skip }) => {
    if (process.getuid?.() !== 0) skip('only root can run as someone else');
    const directory = mkdtempSync(join(tmpdir(), 'lock-'));
    for (const path of [directory, host.agentDir]) chmodSync(path, 0o755);
    for (const name of ['jcagent.conf', 'client.key', 'client.crt']) {
      chmodSync(join(host.agentDir, name), 0o644);
    }
    const executable = join(directory, 'jumpcloud_system');
    copyFileSync(executablePath('jumpcloud_system'), executable);
    const options = JSON.stringify({ ...host.options, attributes: { a: '1' } });
    const none = { uid: 65534, gid: 65534, reject: false } as const;
    const { stdout } = await execa(executable, [options], none);
    rmSync(directory, { recursive: true });
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ changed: true });
    expect(answer.warnings).toContainEqual(withoutLock);
  });
});
