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
import { prepareLock } from '../../src/agent/lock-file.ts';
import type { Attribute } from '../../src/api/systems.ts';
import { mountTmpfs } from '../faults/tmpfs.ts';
import type { Answer } from '../harness/answer.ts';
import { executablePath } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { isRoot } from '../harness/is-root.ts';
import { preload } from '../preload.ts';

const LOCK_NAME = '.jumpcloud-system.lock';
const HOUR_MS = 3_600_000;
const SHIFTED_CLOCK = preload(new URL('shift-clock.cjs', import.meta.url).pathname);
const hasNamespaces = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

const lockPath = ({ agentDir }: TestHost) => join(agentDir, LOCK_NAME);
const hiddenFiles = ({ agentDir }: TestHost) =>
  readdirSync(agentDir).filter((name) => name.startsWith('.'));

/** Starts a run that sets one attribute. The command line of the run begins with `prefix`. */
function start(
  host: TestHost,
  name: string,
  prefix: readonly string[] = [],
  extraOptions: object = {},
) {
  const options = JSON.stringify({ ...host.options, attributes: { [name]: '1' }, ...extraOptions });
  const command = [...prefix, executablePath('jumpcloud_system'), options];
  return execa(command[0] as string, command.slice(1), { reject: false, stdin: 'ignore' });
}

async function setAttribute(
  host: TestHost,
  name: string,
  extraOptions: object = {},
): Promise<Answer> {
  return (await host.run('jumpcloud_system', { attributes: { [name]: '1' }, ...extraOptions }))
    .answer;
}

/** Starts a run that holds the lock because its PUT gets no answer. */
async function startHolder(
  host: TestHost,
  prefix: readonly string[] = [],
  extraOptions: object = {},
) {
  host.hit({ kind: 'silence' }, { method: 'PUT' });
  const holder = start(host, 'held', prefix, { request_timeout: 60, ...extraOptions });
  await expect.poll(() => host.requests().at(-1)?.method, { timeout: 20_000 }).toBe('PUT');
  // The promise is wrapped in an object. If an async function returned the bare promise, it would
  // wait until the run ends.
  return { holder };
}

/** Returns the content of a lock whose process has ended. */
function makeStaleLock(change: object = {}): string {
  return JSON.stringify({ ...prepareLock(HOUR_MS), start: '1', ...change });
}

const namesOf = (attributes: readonly Attribute[]) => attributes.map(({ name }) => name).sort();

describe('concurrent runs of jumpcloud_system', () => {
  test('six parallel runs that find a stale lock write six attributes, and none is lost', {
    timeout: 120_000,
  }, async ({ emulator, enrol }) => {
    for (let round = 0; round < 3; round++) {
      const host = await enrol();
      // All runs find this lock, whose process has ended.
      writeFileSync(lockPath(host), makeStaleLock());
      const attributeNames = Array.from({ length: 6 }, (_, i) => `a${i}`);
      const answers = await Promise.all(attributeNames.map((name) => setAttribute(host, name)));
      expect(answers.map(({ changed, failed }) => [changed, failed])).toEqual(
        attributeNames.map(() => [true, undefined]),
      );
      expect(namesOf(emulator.store.record(host.systemId).attributes)).toEqual(attributeNames);
      expect(hiddenFiles(host)).toEqual([]);
    }
  });

  test('two parallel runs each write their own attribute, even if the clock of one run is an hour ahead', async ({
    emulator,
    host,
  }) => {
    host.hit({ kind: 'slow', ms: 1500 }, { method: 'PUT' });
    const first = start(host, 'first');
    await expect.poll(() => host.requests().at(-1)?.method, { timeout: 20_000 }).toBe('PUT');
    const env = { ...SHIFTED_CLOCK, CLOCK_AHEAD_MS: `${HOUR_MS}` };
    const attributes = { second: '1' };
    const { answer } = await host.run('jumpcloud_system', { attributes }, { env });
    expect(answer).toMatchObject({ changed: true });
    expect(JSON.parse((await first).stdout)).toMatchObject({ changed: true });
    expect(namesOf(emulator.store.record(host.systemId).attributes)).toEqual(['first', 'second']);
  });

  test('a run that times out waiting for the lock names the process that holds it', async ({
    host,
  }) => {
    const { holder } = await startHolder(host);
    const answer = await setAttribute(host, 'waiting', { timeout: 1 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toContain(
      `the lock ${lockPath(host)} within 1 s: another run (process ${holder.pid}) holds it`,
    );
    expect(existsSync(lockPath(host))).toBe(true);
    holder.kill('SIGKILL');
    await holder;
    expect(await setAttribute(host, 'next')).toMatchObject({ changed: true, warnings: [] });
    expect(hiddenFiles(host)).toEqual([]);
  });

  test('a run that waits for the lock ends within two seconds of SIGTERM', async ({ host }) => {
    const { holder } = await startHolder(host);
    const waiting = start(host, 'waiting');
    await expect.poll(() => host.requests().length, { timeout: 20_000 }).toBe(4);
    const interruptedAt = performance.now();
    waiting.kill('SIGTERM');
    const { stdout } = await waiting;
    expect(performance.now() - interruptedAt).toBeLessThan(2000);
    expect(JSON.parse(stdout)).toMatchObject({ failed: true, error: { code: 'interrupted' } });
    holder.kill('SIGKILL');
    await holder;
  });
});

describe('a stale or invalid lock', () => {
  const rows: [name: string, plant: (path: string) => void][] = [
    [
      'a lock of an ended process',
      (path) => writeFileSync(path, makeStaleLock({ pid: 99_999_999 })),
    ],
    [
      'a lock with the process id of a later process',
      (path) => writeFileSync(path, makeStaleLock({ pid: 1 })),
    ],
    [
      'a lock of an earlier boot',
      (path) =>
        writeFileSync(path, JSON.stringify({ ...prepareLock(HOUR_MS), boot: '0'.repeat(32) })),
    ],
    [
      'an expired lock of another container',
      (path) => {
        const { from, ...lock } = prepareLock(HOUR_MS);
        const past = { from: from - 10, until: from - 5, namespace: '1' };
        writeFileSync(path, JSON.stringify({ ...lock, ...past }));
      },
    ],
    [
      'a lock that contains only the id of a running process and an expiry years ahead',
      (path) => writeFileSync(path, JSON.stringify({ pid: process.pid, until: 9e15 })),
    ],
    ['an empty lock', (path) => writeFileSync(path, '')],
    ['a truncated lock', (path) => writeFileSync(path, makeStaleLock().slice(0, 40))],
    ['a lock that is a dangling symlink', (path) => symlinkSync('/nonexistent/lock', path)],
    ['a lock that is a FIFO', (path) => void spawnSync('mkfifo', [path])],
    ['a lock that is a huge file', (path) => writeFileSync(path, 'x'.repeat(2_000_000))],
  ];
  test.for(rows)('a run takes over %s', async ([, plant], { host }) => {
    plant(lockPath(host));
    expect(await setAttribute(host, 'a')).toMatchObject({ changed: true, warnings: [] });
    expect(hiddenFiles(host)).toEqual([]);
  });

  test('a stale lock is taken over after another run was killed during the takeover', async ({
    host,
  }) => {
    const stale = JSON.parse(makeStaleLock());
    writeFileSync(lockPath(host), JSON.stringify(stale));
    const takeover = makeStaleLock();
    writeFileSync(`${lockPath(host)}.${stale.id}`, takeover);
    writeFileSync(`${lockPath(host)}.${stale.id}.${JSON.parse(takeover).id}`, makeStaleLock());
    expect(await setAttribute(host, 'a')).toMatchObject({ changed: true, warnings: [] });
    expect(hiddenFiles(host)).toEqual([]);
  });

  test('a stale lock with the process id of the current run is taken over', async ({
    host,
    skip,
  }) => {
    if (!hasNamespaces) skip('this machine does not allow pid namespaces');
    // The first process of every container has the process id 1.
    const newPidNamespace = ['unshare', '--pid', '--fork', '--mount-proc'];
    const lock = JSON.stringify({ ...prepareLock(0), pid: 1, namespace: '1', until: 0, from: 0 });
    writeFileSync(lockPath(host), lock);
    const { stdout } = await start(host, 'a', newPidNamespace);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, warnings: [] });
    expect(hiddenFiles(host)).toEqual([]);
  });
});

describe('a lock of another pid namespace', () => {
  const newPidNamespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

  test('a run that cannot see the process that holds the lock says so when the run times out', async ({
    host,
    skip,
  }) => {
    if (!hasNamespaces) skip('this machine does not allow pid namespaces');
    const { holder } = await startHolder(host, newPidNamespace);
    const answer = await setAttribute(host, 'waiting', { timeout: 1 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toMatch(/process \d+ holds it, but is not visible to this run/);
    expect(answer.msg).toMatch(/Otherwise, delete the lock\.$/);
    holder.kill('SIGKILL');
    await holder;
  });

  test('a lock from another pid namespace expires when the timeout of its run has passed', async ({
    host,
    skip,
  }) => {
    if (!hasNamespaces) skip('this machine does not allow pid namespaces');
    const { holder } = await startHolder(host, newPidNamespace, { timeout: 4 });
    holder.kill('SIGKILL');
    await holder;
    expect(await setAttribute(host, 'next', { timeout: 20 })).toMatchObject({ changed: true });
    expect(hiddenFiles(host)).toEqual([]);
  });
});

describe('a lock that cannot be created', () => {
  const warningWithoutLock = expect.stringContaining('Attributes were written without a lock');

  test('a run on a full disk leaves no file, and warns that it has no lock', async ({
    enrol,
    skip,
  }) => {
    const disk = mountTmpfs(64 * 1024);
    if (disk === undefined) return skip('this machine does not allow mounting a file system');
    try {
      const host = await enrol({ agentDir: disk.path });
      disk.fill();
      for (const name of ['a', 'b']) {
        expect(await setAttribute(host, name)).toMatchObject({
          changed: true,
          warnings: [warningWithoutLock],
        });
      }
      expect(hiddenFiles(host)).toEqual([]);
    } finally {
      disk.unmount();
    }
  });

  test('a run that finds a directory in place of the lock warns and does not change the directory', async ({
    host,
  }) => {
    mkdirSync(lockPath(host));
    writeFileSync(join(lockPath(host), 'precious'), 'precious');
    expect(await setAttribute(host, 'a')).toMatchObject({
      changed: true,
      warnings: [warningWithoutLock],
    });
    expect(readFileSync(join(lockPath(host), 'precious'), 'utf8')).toBe('precious');
    expect(hiddenFiles(host)).toEqual([LOCK_NAME]);
  });

  test('a run without write access to the agent directory warns that it has no lock', async ({
    host,
    skip,
  }) => {
    if (!isRoot) skip('only root can run as someone else');
    const directory = mkdtempSync(join(tmpdir(), 'lock-'));
    for (const path of [directory, host.agentDir]) chmodSync(path, 0o755);
    for (const name of ['jcagent.conf', 'client.key', 'client.crt']) {
      chmodSync(join(host.agentDir, name), 0o644);
    }
    const executable = join(directory, 'jumpcloud_system');
    copyFileSync(executablePath('jumpcloud_system'), executable);
    const options = JSON.stringify({ ...host.options, attributes: { a: '1' } });
    const unprivileged = { uid: 65534, gid: 65534, reject: false } as const;
    const { stdout } = await execa(executable, [options], unprivileged);
    rmSync(directory, { recursive: true });
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ changed: true });
    expect(answer.warnings).toContainEqual(warningWithoutLock);
  });
});
