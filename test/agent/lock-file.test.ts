import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareLock, releaseLock, removeStaleLock, takeLock } from '../../src/agent/lock-file.ts';
import { findProcessState, identifyThisProcess } from '../../src/agent/process-identity.ts';

const directory = mkdtempSync(join(tmpdir(), 'lock-file-'));
const worker = join(directory, 'lock-worker.js');
const pauser = join(directory, 'lock-pauser.js');
const newDirectory = () => mkdtempSync(join(directory, 'agent-'));
beforeAll(async () => {
  await build({
    entryPoints: ['lock-worker.ts', 'lock-pauser.ts'].map(
      (name) => new URL(name, import.meta.url).pathname,
    ),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outdir: directory,
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

test('no two processes hold a lock at once, even if processes die during a takeover', async () => {
  const agentDir = newDirectory();
  const [lock, counter] = [join(agentDir, 'lock'), join(agentDir, 'counter')];
  writeFileSync(counter, '0');
  const output: string[] = [];
  let deaths = 0;
  const end = Date.now() + 10_000;
  const keepWorking = async () => {
    while (Date.now() < end) {
      const { stdout, signal } = await execa(
        process.execPath,
        [worker, lock, counter, '40', '0.02'],
        {
          reject: false,
        },
      );
      output.push(...stdout.split('\n').filter(Boolean));
      if (signal === 'SIGKILL') deaths++;
    }
  };
  await Promise.all(Array.from({ length: 6 }, keepWorking));
  // Removes a lock that the last process to die may have left.
  await execa(process.execPath, [worker, lock, counter, '1', '0']);
  console.log(`${output.length} additions, ${deaths} deaths`);
  expect(output.filter((line) => line !== 'added')).toEqual([]);
  expect(Number(readFileSync(counter, 'utf8'))).toBe(output.length + 1);
  expect(deaths).toBeGreaterThan(5);
  expect(readdirSync(agentDir).sort()).toEqual(['counter']);
}, 60_000);

test('exactly one of two processes takes over the lock of a dead process, whichever step one of them pauses at', async () => {
  const outcomes: string[] = [];
  for (let step = 1; ; step++) {
    const agentDir = newDirectory();
    const [path, go] = [join(agentDir, 'lock'), join(agentDir, 'go')];
    writeFileSync(path, JSON.stringify({ ...prepareLock(60_000), start: '1' }));
    const other = spawn(process.execPath, [pauser, path, `${step}`, go]);
    let output = '';
    other.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const ended = new Promise((resolve) => other.on('close', resolve));
    await expect.poll(() => output, { timeout: 10_000, interval: 5 }).not.toBe('');
    if (!output.startsWith('paused')) break;
    const own = takeLock(path, prepareLock(60_000));
    writeFileSync(go, '');
    await ended;
    outcomes.push(`${own} ${output.split('\n')[1]}`);
  }
  expect(outcomes.length).toBeGreaterThan(10);
  expect(outcomes.filter((both) => both === 'taken taken')).toEqual([]);
  expect(new Set(outcomes)).toEqual(new Set(['acquired alive', 'alive acquired']));
}, 60_000);

describe('findProcessState', () => {
  const own = identifyThisProcess();

  test('a running process has the state `alive`, a start time, a pid namespace and a boot id', () => {
    expect(own).toMatchObject({ pid: process.pid, boot: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(Number(own.start)).toBeGreaterThan(0);
    expect(Number(own.namespace)).toBeGreaterThan(0);
    expect(findProcessState(own)).toBe('alive');
  });

  test.each([
    ['with another start', { start: `1${own.start}` }, 'dead'],
    ['of another boot', { boot: '0'.repeat(32) }, 'dead'],
    ['with a free pid', { pid: 99_999_999 }, 'dead'],
    ['of another pid namespace', { namespace: '1' }, 'unknown'],
    ['without a boot, with a pid in use', { boot: '' }, 'unknown'],
    ['without a boot, with a free pid', { boot: '', pid: 99_999_999 }, 'dead'],
    ['without a start', { start: '' }, 'unknown'],
  ])('the state of a process %s (%j) is %s', (_, change, state) => {
    expect(findProcessState({ ...own, ...change })).toBe(state);
  });

  test('a process that has ended has the state `dead`, even if its parent has not reaped it', async () => {
    // The shell becomes `sleep`, which does not reap the shell's child.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)))
      .toString()
      .split('\n');
    const stat = readFileSync(`/proc/${line}/stat`, 'latin1').split(' ');
    const child = { ...own, pid: Number(line), start: stat[21] ?? '' };
    expect(findProcessState(child)).toBe('alive');
    await expect.poll(() => findProcessState(child), { timeout: 10_000 }).toBe('dead');
    expect(readFileSync(`/proc/${line}/stat`, 'latin1')).toMatch(/ Z /);
    parent.kill('SIGKILL');
  });
});

describe('lock', () => {
  test('a lock is taken by one holder, and only this holder can release it', () => {
    const path = join(newDirectory(), 'lock');
    const [first, second] = [prepareLock(1000), prepareLock(1000)];
    expect(takeLock(path, first)).toBe('acquired');
    expect(takeLock(path, second)).toBe('alive');
    releaseLock(path, second);
    expect(takeLock(path, second)).toBe('alive');
    releaseLock(path, first);
    expect(takeLock(path, second)).toBe('acquired');
  });

  test('removeStaleLock removes only the lock of a dead process', () => {
    const path = join(newDirectory(), 'lock');
    removeStaleLock(path);
    expect(takeLock(path, prepareLock(1000))).toBe('acquired');
    removeStaleLock(path);
    expect(takeLock(path, prepareLock(1000))).toBe('alive');
    writeFileSync(path, JSON.stringify({ ...prepareLock(1000), start: '1' }));
    removeStaleLock(path);
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  test.each([
    ['before the lock expires', { from: -10, until: 60_000 }, 'unknown'],
    ['after the lock expired', { from: -20, until: -10 }, 'acquired'],
    ['before the lock begins', { from: 60_000, until: 120_000 }, 'acquired'],
  ])(
    'for a lock of a process in another pid namespace, %s (%j), takeLock returns %s',
    (_, { from, until }, expected) => {
      const path = join(newDirectory(), 'lock');
      const { from: now, ...lock } = prepareLock(0);
      const foreign = { ...lock, from: now + from, until: now + until, namespace: '1' };
      writeFileSync(path, JSON.stringify(foreign));
      expect(takeLock(path, prepareLock(1000))).toBe(expected);
    },
  );
});
