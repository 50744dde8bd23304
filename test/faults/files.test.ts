import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { makeKeyFiles } from '../emulator/keys.ts';
import {
  type Answer,
  executablePath,
  type ModuleName,
  NON_DOCTOR_MODULE_NAMES,
  runModule,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { sampleCallsOf } from '../harness/sample-calls.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';
import { mountTmpfs, type Tmpfs } from './tmpfs.ts';

const HUGE_SIZE = 100 * 1024 * 1024;
let emulator: Emulator;
let host: EnrolledHost;

test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});
beforeEach(async () => {
  emulator.clearRequests();
  host = await emulator.enrol();
});

const pathOf = (name: string) => join(host.agentDir, name);

async function run(module: ModuleName, options: Record<string, unknown> = {}): Promise<Answer> {
  const { answer, stdout, stderr } = await runModule(module, {
    agent_dir: host.agentDir,
    api_url: emulator.url,
    timeout: 5,
    ...sampleCallsOf(module).good,
    ...options,
  });
  expect(stderr).toBe('');
  expect(await findLeakedSecrets(stdout, emulator.requests)).toEqual([]);
  return answer;
}

/** Functions that replace an agent file with invalid content. */
const DAMAGES: Record<string, (path: string) => void> = {
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdirSync(path),
  'a huge file': (path) => {
    writeFileSync(path, '');
    truncateSync(path, HUGE_SIZE);
  },
  'a dangling symlink': (path) => symlinkSync('nowhere', path),
  'a symlink to itself': (path) => symlinkSync(path, path),
  'not UTF-8': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x80, 0xc3])),
  'a device': (path) => symlinkSync('/dev/zero', path),
  'an empty file': (path) => writeFileSync(path, ''),
};

function damage(name: string, how: string): void {
  rmSync(pathOf(name));
  DAMAGES[how]?.(pathOf(name));
}

describe('jcagent.conf', () => {
  const rows: [how: string, message: RegExp][] = [
    ['a FIFO', /jcagent\.conf is not a regular file\. Restore it, or register the agent again\.$/],
    ['a directory', /jcagent\.conf is not a regular file\. Restore/],
    [
      'a huge file',
      /jcagent\.conf has 104857600 bytes, but the agent's files are far smaller\. Restore/,
    ],
    ['a dangling symlink', /jcagent\.conf is a dangling symbolic link\. Restore/],
    ['a symlink to itself', /jcagent\.conf is part of a loop of symbolic links\. Restore/],
    ['not UTF-8', /jcagent\.conf is not JSON\. Register the agent again\.$/],
    ['a device', /jcagent\.conf is not a regular file\. Restore/],
    ['an empty file', /jcagent\.conf is not JSON\. Register/],
  ];
  test.each(rows)(
    'every module except jumpcloud_doctor fails without requests or changes if jcagent.conf is %s',
    async (how, message) => {
      damage('jcagent.conf', how);
      const before = readdirSync(host.agentDir).sort();
      for (const module of NON_DOCTOR_MODULE_NAMES) {
        const { good } = sampleCallsOf(module);
        const options = module === 'jumpcloud_removal' ? { purge_identity: true } : good;
        const answer = await run(module, options);
        expect(answer).toMatchObject({
          failed: true,
          changed: false,
          error: { code: 'bad_identity' },
        });
        expect(answer.msg).toMatch(message);
      }
      expect(emulator.requests).toEqual([]);
      expect(readdirSync(host.agentDir).sort()).toEqual(before);
    },
  );
});

describe('client.key', () => {
  const rows: [how: string, message: RegExp][] = [
    ['a FIFO', /client\.key is not a regular file\. Restore/],
    ['a directory', /client\.key is not a regular file\. Restore/],
    ['a huge file', /client\.key has 104857600 bytes/],
    ['a dangling symlink', /client\.key is a dangling symbolic link/],
    ['a symlink to itself', /client\.key is part of a loop of symbolic links/],
    ['not UTF-8', /client\.key does not hold a private key in PEM form/],
    ['an empty file', /client\.key does not hold a private key in PEM form/],
  ];
  test.each(rows)('a removal fails without requests if client.key is %s', async (how, message) => {
    damage('client.key', how);
    const answer = await run('jumpcloud_removal', { purge_identity: true });
    expect(answer).toMatchObject({
      failed: true,
      changed: false,
      error: { code: 'bad_identity' },
    });
    expect(answer.msg).toMatch(message);
    expect(emulator.requests).toEqual([]);
    expect(existsSync(pathOf('jcagent.conf'))).toBe(true);
  });

  test.each([
    ['0644', 0o644],
    ['0604', 0o604],
  ] as const)(
    'a run uses a client.key of mode %s and warns that every user can read it',
    async (_, mode) => {
      chmodSync(pathOf('client.key'), mode);
      expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({
        changed: true,
        warnings: [
          `${pathOf('client.key')} can be read by every user of this host; run: chmod 600 ${pathOf('client.key')}`,
        ],
      });
    },
  );

  test('a run continues with the key that it read at its start, even if client.key is replaced during the run', async () => {
    const other = await makeKeyFiles();
    emulator.faults.add({ fault: { kind: 'slow', ms: 600 } });
    const running = run('jumpcloud_system', { display_name: 'web-1' });
    await expect.poll(() => emulator.requests.length, { timeout: 5000 }).toBe(1);
    writeFileSync(pathOf('client.key'), other.pkcs1);
    expect(await running).toMatchObject({ changed: true });
    expect(emulator.requests.map(({ status }) => status)).toEqual([200, 200]);
    // The next run fails, because the new key does not match the certificate.
    expect(await run('jumpcloud_system', { display_name: 'web-2' })).toMatchObject({
      error: { code: 'bad_identity' },
      msg: expect.stringMatching(
        /client\.key does not belong to client\.crt in the same directory/,
      ),
    });
  });
});

test.each(Object.keys(DAMAGES))('a run succeeds if client.crt is %s', async (how) => {
  damage('client.crt', how);
  expect(await run('jumpcloud_system_info', { gather: ['agent'] })).toMatchObject({
    enrolled: true,
    agent: { key_matches_certificate: null },
  });
});

describe('the directory in agent_dir', () => {
  const rows: [what: string, make: (path: string) => void, code: string, message: RegExp][] = [
    [
      'a dangling symlink',
      (path) => symlinkSync('nowhere', path),
      'bad_identity',
      /is a dangling symbolic link\. Mount its target/,
    ],
    [
      'a symlink to itself',
      (path) => symlinkSync(path, path),
      'bad_identity',
      /could not be read: ELOOP\. Correct the path/,
    ],
  ];
  test.each(rows)(
    'a run with %s as agent_dir fails instead of treating the host as unenrolled',
    async (_, make, code, message) => {
      const path = join(host.agentDir, 'agent');
      make(path);
      for (const module of ['jumpcloud_removal', 'jumpcloud_system_info'] as const) {
        const answer = await run(module, { agent_dir: path });
        expect(answer).toMatchObject({ failed: true, changed: false, error: { code } });
        expect(answer.msg).toMatch(message);
      }
      rmSync(path);
    },
  );

  test('a run follows an agent_dir that is a symlink', async () => {
    const path = join(tmpdir(), `link-${host.systemId}`);
    symlinkSync(host.agentDir, path);
    expect(await run('jumpcloud_system', { agent_dir: path })).toMatchObject({ changed: false });
    rmSync(path);
  });
});

describe('a full or read-only file system', () => {
  let tmpfs: Tmpfs | undefined;
  beforeEach(async ({ skip }) => {
    tmpfs = mountTmpfs(64 * 1024);
    if (tmpfs === undefined) return skip('this machine does not permit mounting file systems');
    host = await emulator.enrol({ agentDir: tmpfs.path });
  });
  afterEach(() => tmpfs?.unmount());

  const hasRecord = () => emulator.store.systems.has(host.systemId);
  const IDENTITY_FILES = ['ca.crt', 'client.crt', 'client.key', 'jcagent.conf'];
  const listRemainingFiles = () => IDENTITY_FILES.filter((name) => existsSync(pathOf(name)));

  test('a removal on a full file system succeeds and warns about the missing tombstone', async () => {
    tmpfs?.fill();
    const answer = await run('jumpcloud_removal');
    expect(answer).toMatchObject({ changed: true, removed: [{ type: 'system' }] });
    expect(answer.warnings).toEqual([
      expect.stringMatching(/^The tombstone.* could not be written in .*\(ENOSPC\)/),
    ]);
    expect(hasRecord()).toBe(false);
    expect(listRemainingFiles()).toEqual(IDENTITY_FILES);
    // If the first run had left a marker file, even a partial one, this run would take the 401 as
    // proof of the removal.
    const again = await run('jumpcloud_removal');
    expect(again).toMatchObject({ changed: false, failed: true, error: { code: 'unauthorized' } });
    expect(again.msg).toMatch(/was deleted in JumpCloud/);
  });

  test('a removal with purge_identity deletes the identity files on a full file system', async () => {
    tmpfs?.fill();
    const answer = await run('jumpcloud_removal', { purge_identity: true });
    expect(answer).toMatchObject({ changed: true, purged: { length: 4 } });
    expect(listRemainingFiles()).toEqual([]);
    expect(await run('jumpcloud_removal', { purge_identity: true })).toMatchObject({
      changed: false,
      removed: [],
      purged: [],
    });
  });

  test.each([false, true])(
    'a removal with purge_identity fails before any request on a read-only file system (check mode: %s)',
    async (isCheckMode) => {
      tmpfs?.setReadOnly(true);
      const answer = await run('jumpcloud_removal', {
        purge_identity: true,
        _ansible_check_mode: isCheckMode,
      });
      expect(answer).toMatchObject({
        failed: true,
        changed: false,
        error: { code: 'local_action_failed', path: host.agentDir },
      });
      expect(answer.msg).toMatch(
        /cannot be written \(EROFS\)\. Nothing was removed\. Make the directory writable/,
      );
      expect(emulator.requests).toEqual([]);
      expect(hasRecord()).toBe(true);
      expect(listRemainingFiles()).toEqual(IDENTITY_FILES);
      // Other modules only read the files.
      expect(await run('jumpcloud_system')).toMatchObject({ changed: false });
      tmpfs?.setReadOnly(false);
      expect(await run('jumpcloud_removal', { purge_identity: true })).toMatchObject({
        changed: true,
        purged: { length: 4 },
      });
    },
  );

  test('a removal without purge_identity succeeds with a warning on a read-only file system', async () => {
    tmpfs?.setReadOnly(true);
    const answer = await run('jumpcloud_removal');
    expect(answer).toMatchObject({ changed: true, removed: [{ id: host.systemId }] });
    expect(answer.warnings).toEqual([expect.stringMatching(/could not be written in .*\(EROFS\)/)]);
    expect(hasRecord()).toBe(false);
  });

  test('the next run finishes a purge that failed because the file system became read-only', async () => {
    emulator.faults.add({
      fault: { kind: 'concurrent', when: 'after', change: () => tmpfs?.setReadOnly(true) },
      when: ({ method }) => method === 'DELETE',
    });
    const answer = await run('jumpcloud_removal', { purge_identity: true });
    expect(answer).toMatchObject({
      failed: true,
      changed: true,
      error: { code: 'local_action_failed' },
    });
    expect(answer.warnings).toEqual([expect.stringMatching(/could not be written .*\(EROFS\)/)]);
    tmpfs?.setReadOnly(false);
    // The marker file was written, so the next run finishes the purge.
    const again = await run('jumpcloud_removal', { purge_identity: true });
    expect(again).toMatchObject({ changed: true, removed: [], purged: { length: 4 } });
    expect(listRemainingFiles()).toEqual([]);
  });

  test('a write to JumpCloud succeeds on a full, read-only file system', async () => {
    tmpfs?.fill();
    tmpfs?.setReadOnly(true);
    expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({
      changed: true,
      warnings: [],
    });
  });
});

describe('marker files and tombstones', () => {
  test.each([
    ['.removed-from-jumpcloud', [expect.stringMatching(/could not be written in .*\(EISDIR\)/)]],
    ['.removing-from-jumpcloud', []],
  ])('a removal succeeds if %s is a directory', async (name, warnings) => {
    mkdirSync(pathOf(name));
    const answer = await run('jumpcloud_removal');
    expect(answer).toMatchObject({ changed: true, removed: [{ type: 'system' }], warnings });
    expect(emulator.store.systems.has(host.systemId)).toBe(false);
  });

  test('a purge fails if ca.crt is a directory, and a run succeeds once that directory is removed', async () => {
    rmSync(pathOf('ca.crt'));
    mkdirSync(pathOf('ca.crt'));
    const answer = await run('jumpcloud_removal', { purge_identity: true });
    expect(answer).toMatchObject({
      failed: true,
      changed: true,
      removed: [{ type: 'system' }],
      purged: [pathOf('jcagent.conf'), pathOf('client.key'), pathOf('client.crt')],
      error: { code: 'local_action_failed', path: pathOf('ca.crt') },
    });
    rmSync(pathOf('ca.crt'), { recursive: true });
    expect(await run('jumpcloud_removal', { purge_identity: true })).toMatchObject({
      changed: false,
    });
  });

  test('a tombstone of another system is ignored', async () => {
    const tombstone = { system_key: 'f'.repeat(24), removed_at: '2026-01-01T00:00:00Z' };
    writeFileSync(pathOf('.removed-from-jumpcloud'), JSON.stringify(tombstone));
    expect(await run('jumpcloud_system')).toMatchObject({ changed: false });
  });

  test.each([
    ['without a time', {}],
    [
      'with an invalid time',
      { removed_at: '\u001b[2J now, or any text that a message would quote' },
    ],
  ])('a tombstone %s is ignored', async (_, change) => {
    const tombstone = { system_key: host.systemId, ...change };
    writeFileSync(pathOf('.removed-from-jumpcloud'), JSON.stringify(tombstone));
    expect(await run('jumpcloud_system')).toMatchObject({ changed: false });
  });

  test('a tombstone that is a symlink is ignored', async () => {
    const target = pathOf('elsewhere');
    writeFileSync(
      target,
      JSON.stringify({ system_key: host.systemId, removed_at: '2026-01-01T00:00:00Z' }),
    );
    symlinkSync(target, pathOf('.removed-from-jumpcloud'));
    expect(await run('jumpcloud_system')).toMatchObject({ changed: false });
  });

  test.each(NON_DOCTOR_MODULE_NAMES)(
    '%s treats a host with a tombstone as removed',
    async (module) => {
      const path = pathOf('.removed-from-jumpcloud');
      const tombstone = { system_key: host.systemId, removed_at: '2026-01-01T00:00:00Z' };
      writeFileSync(path, JSON.stringify(tombstone));
      const answer = await run(module);
      if (module === 'jumpcloud_removal') return expect(answer).toMatchObject({ changed: false });
      const reported = module === 'jumpcloud_system_info' ? Object(answer['reason']) : answer.error;
      expect(reported.code).toBe('not_enrolled');
      expect(`${reported.message ?? answer.msg}`).toContain(path);
      expect(emulator.requests).toEqual([]);
    },
  );

  test('a truncated tombstone is ignored', async () => {
    writeFileSync(pathOf('.removed-from-jumpcloud'), `{"system_key":"${host.systemId}`);
    expect(await run('jumpcloud_system')).toMatchObject({ changed: false });
  });
});

describe('stdout that cannot be written', () => {
  const call = () =>
    JSON.stringify({ agent_dir: host.agentDir, api_url: emulator.url, display_name: 'web-1' });

  test('a run that made its change exits with status 1 if its stdout is a full device', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(executablePath('jumpcloud_system'), [call()], {
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    const stderr = readText(child.stderr);
    const [code] = await once(child, 'exit');
    expect([code, await stderr]).toEqual([1, '']);
    expect(emulator.store.record(host.systemId).displayName).toBe('web-1');
  });

  test('a run makes its change although the reader of stdout has closed the pipe', async () => {
    const module = executablePath('jumpcloud_system');
    const child = spawn(
      'sh',
      ['-c', `{ sleep 1; exec ${module} "$0"; } | head -c 0; wait`, call()],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const output = Promise.all([readText(child.stdout), readText(child.stderr)]);
    await once(child, 'exit');
    expect(await output).toEqual(['', '']);
    await expect
      .poll(() => emulator.store.record(host.systemId).displayName, { timeout: 5000 })
      .toBe('web-1');
  });

  test('a run makes its change although its stdout is closed', async () => {
    const child = spawn('sh', [
      '-c',
      `exec ${executablePath('jumpcloud_system')} "$0" >&- 2>&-`,
      call(),
    ]);
    const [code] = await once(child, 'exit');
    expect([0, 1]).toContain(code);
    expect(emulator.store.record(host.systemId).displayName).toBe('web-1');
  });
});

async function readText(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
