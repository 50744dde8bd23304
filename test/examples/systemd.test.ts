import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

const UNITS = ['systemd/jumpcloud-host.service', 'systemd/jumpcloud-removal.service'];

const PACKAGED = new URL('../../packaging/systemd/', import.meta.url).pathname;

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: sharedEmulator, sandbox: newSandbox }) => {
  emulator = sharedEmulator;
  sandbox = newSandbox;
});

describe('systemd/remove-on-poweroff.sh', () => {
  /** Runs the stop command of the unit. `systemctl` is the code of a fake systemctl. */
  const stop = async (options: object | undefined, ...systemctl: string[]) => {
    const file = '/etc/jumpcloud/removal.json';
    if (options) await sandbox.write(file, JSON.stringify(options));
    await sandbox.replaceProgram(
      'systemctl',
      `echo "$*" >>"${sandbox.path('/systemctl-calls')}"`,
      ...systemctl,
    );
    const script = await sandbox.place('systemd/remove-on-poweroff.sh');
    return execa(script, [sandbox.path(file)], { env: sandbox.env, reject: false });
  };
  const listJobs = (...lines: string[]) =>
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;
  const OTHER_JOBS = [
    '7 jumpcloud-removal.service stop running',
    '9 shutdown.target start waiting',
  ];

  beforeEach(() => {
    const { systemId } = sandbox.host;
    emulator.store.join(systemId, IDS.web);
    emulator.store.associate(systemId, 'user', IDS.admin);
  });

  test.each(['poweroff.target', 'halt.target'])(
    'a stop during %s deletes the record of the host',
    async (target) => {
      const result = await stop(undefined, listJobs(...OTHER_JOBS, `12 ${target} start waiting`));
      expect(result, result.stdout).toMatchObject({ exitCode: 0 });
      expect(JSON.parse(result.stdout)).toMatchObject({ changed: true });
      expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(false);
      expect(sandbox.writes()).toEqual([`DELETE /api/systems/${sandbox.host.systemId}`]);
    },
  );

  test('removal.json with scope associations keeps the record of the host', async () => {
    const { systemId } = sandbox.host;
    const result = await stop(
      { scope: 'associations' },
      listJobs('12 poweroff.target start waiting', ...OTHER_JOBS),
    );
    expect(result, result.stdout).toMatchObject({ exitCode: 0 });
    expect(emulator.store.systems.has(systemId)).toBe(true);
    expect(emulator.store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
  });

  test.each([
    ['a reboot', listJobs('12 reboot.target start waiting', ...OTHER_JOBS)],
    ['kexec', listJobs('12 kexec.target start waiting', ...OTHER_JOBS)],
    ['a soft reboot', listJobs('12 soft-reboot.target start waiting', ...OTHER_JOBS)],
    ['a cancelled poweroff', listJobs('12 poweroff.target stop waiting', ...OTHER_JOBS)],
    ['a manual stop of the unit', listJobs('7 jumpcloud-removal.service stop running')],
    ['a stop without any job', 'true'],
  ])('%s keeps the host in JumpCloud', async (_, systemctl) => {
    const result = await stop(undefined, systemctl);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toBe('This host is not being powered off: it stays in JumpCloud.');
    expect(emulator.store.groupsOf(sandbox.host.systemId)).toEqual([IDS.web]);
    expect(sandbox.writes()).toEqual([]);
  });

  test('a removal.json that cannot be read fails the stop and removes nothing', async () => {
    await sandbox.write('/etc/jumpcloud/host.json', '{}');
    await symlink('/nowhere', sandbox.path('/etc/jumpcloud/removal.json'));
    const result = await stop(undefined, listJobs('12 poweroff.target start waiting'));
    expect(result.exitCode, result.stdout).toBe(1);
    expect(sandbox.writes()).toEqual([]);
  });

  test('a systemctl that fails makes the stop fail and removes nothing', async () => {
    const result = await stop(undefined, 'echo "Failed to connect to bus" >&2', 'exit 1');
    expect(result).toMatchObject({ exitCode: 1, stderr: 'Failed to connect to bus' });
    expect(sandbox.writes()).toEqual([]);
  });
});

test.runIf(hasTool('systemd-analyze verify over the units', 'systemd-analyze')).each(UNITS)(
  'systemd-analyze verify accepts %s',
  async (unit) => {
    await sandbox.writeProgram('/usr/local/lib/jumpcloud/describe-host', 'true');
    await sandbox.writeProgram('/usr/local/lib/jumpcloud/remove-on-poweroff', 'true');
    const path = await sandbox.place(unit);
    const words = ['verify', '--man=no', '--recursive-errors=no', path];
    const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  },
);

describe.each(UNITS)('%s', (unit) => {
  const settings = async () => {
    const lines = (await readFile(join(EXAMPLES, unit), 'utf8')).matchAll(/^(\w+)=(.*)$/gm);
    return new Map([...lines].map(([, name, value]) => [name, value]));
  };

  test('the unit uses only a Type and a Restart that systemd 239 supports', async () => {
    const { Type, Restart } = Object.fromEntries(await settings());
    expect(['simple', 'oneshot']).toContain(Type);
    expect(Restart).toBe(Type === 'oneshot' ? undefined : 'on-failure');
  });
});

// The packages install their own units and programs. The examples, which are for executables that
// are copied by hand, differ from them only in comments, paths and references to manual pages.
test.each([
  ['systemd/jumpcloud-host.service', 'units/jumpcloud-host.service'],
  ['systemd/jumpcloud-removal.service', 'units/jumpcloud-removal.service'],
  ['systemd/remove-on-poweroff.sh', 'programs/remove-on-poweroff'],
  ['shell/boot.sh', 'programs/describe-host'],
])('%s differs from the packaged %s only in comments and paths', async (example, packaged) => {
  const codeOf = async (path: string) =>
    (await readFile(path, 'utf8'))
      .replace(/^(#|Documentation=).*\n/gm, '')
      .replace(/\/usr\/(bin|lib\/jumpcloud-system-context)\//g, '/usr/local/lib/jumpcloud/');
  expect(await codeOf(join(EXAMPLES, example))).toBe(await codeOf(join(PACKAGED, packaged)));
});
