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
test.beforeEach(({ emulator: shared, sandbox: own }) => {
  emulator = shared;
  sandbox = own;
});

describe('the shutdown hook', () => {
  /** Runs what the unit runs when it is stopped, while systemd has these jobs. */
  const stop = async (options: object | undefined, ...systemctl: string[]) => {
    const place = '/etc/jumpcloud/removal.json';
    if (options) await sandbox.write(place, JSON.stringify(options));
    await sandbox.standIn('systemctl', `echo "$*" >>"${sandbox.path('/asked')}"`, ...systemctl);
    const script = await sandbox.place('systemd/remove-on-poweroff.sh');
    return execa(script, [sandbox.path(place)], { env: sandbox.env, reject: false });
  };
  const jobs = (...lines: string[]) =>
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`;
  const OTHERS = ['7 jumpcloud-removal.service stop running', '9 shutdown.target start waiting'];

  beforeEach(() => {
    const { systemId } = sandbox.host;
    emulator.store.join(systemId, IDS.web);
    emulator.store.associate(systemId, 'user', IDS.admin);
  });

  test.each(['poweroff.target', 'halt.target'])('removes the host on %s', async (target) => {
    const ran = await stop(undefined, jobs(...OTHERS, `12 ${target} start waiting`));
    expect(ran, ran.stdout).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ changed: true });
    expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(false);
    expect(sandbox.writes()).toEqual([`DELETE /api/systems/${sandbox.host.systemId}`]);
  });

  test('removes the associations alone where a file says so', async () => {
    const { systemId } = sandbox.host;
    const ran = await stop(
      { scope: 'associations' },
      jobs('12 poweroff.target start waiting', ...OTHERS),
    );
    expect(ran, ran.stdout).toMatchObject({ exitCode: 0 });
    expect(emulator.store.systems.has(systemId)).toBe(true);
    expect(emulator.store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
  });

  test.each([
    ['it reboots', jobs('12 reboot.target start waiting', ...OTHERS)],
    ['it boots another kernel', jobs('12 kexec.target start waiting', ...OTHERS)],
    ['its user space alone is restarted', jobs('12 soft-reboot.target start waiting', ...OTHERS)],
    ['a power-off was called off', jobs('12 poweroff.target stop waiting', ...OTHERS)],
    ['the unit is stopped by hand', jobs('7 jumpcloud-removal.service stop running')],
    ['nothing is under way', 'true'],
  ])('leaves the host in JumpCloud when %s', async (_, systemctl) => {
    const ran = await stop(undefined, systemctl);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    expect(ran.stdout).toBe('This host is not being powered off: it stays in JumpCloud.');
    expect(emulator.store.groupsOf(sandbox.host.systemId)).toEqual([IDS.web]);
    expect(sandbox.writes()).toEqual([]);
  });

  test('removes nothing where the file cannot be read', async () => {
    await sandbox.write('/etc/jumpcloud/host.json', '{}');
    await symlink('/nowhere', sandbox.path('/etc/jumpcloud/removal.json'));
    const ran = await stop(undefined, jobs('12 poweroff.target start waiting'));
    expect(ran.exitCode, ran.stdout).toBe(1);
    expect(sandbox.writes()).toEqual([]);
  });

  test('leaves it there, and fails, when systemd does not answer', async () => {
    const ran = await stop(undefined, 'echo "Failed to connect to bus" >&2', 'exit 1');
    expect(ran).toMatchObject({ exitCode: 1, stderr: 'Failed to connect to bus' });
    expect(sandbox.writes()).toEqual([]);
  });
});

test.runIf(hasTool('systemd-analyze verify over the units', 'systemd-analyze')).each(UNITS)(
  'systemd finds nothing wrong with %s',
  async (unit) => {
    await sandbox.program('/usr/local/lib/jumpcloud/describe-host', 'true');
    await sandbox.program('/usr/local/lib/jumpcloud/remove-on-poweroff', 'true');
    const path = await sandbox.place(unit);
    const words = ['verify', '--man=no', '--recursive-errors=no', path];
    const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  },
);

describe.each(UNITS)('%s, to systemd 239', (unit) => {
  const settings = async () => {
    const lines = (await readFile(join(EXAMPLES, unit), 'utf8')).matchAll(/^(\w+)=(.*)$/gm);
    return new Map([...lines].map(([, name, value]) => [name, value]));
  };

  test('is of a type that it knows, and no oneshot is restarted', async () => {
    const { Type, Restart } = Object.fromEntries(await settings());
    expect(['simple', 'oneshot']).toContain(Type);
    expect(Restart).toBe(Type === 'oneshot' ? undefined : 'on-failure');
  });
});

// Who installs the package has its units, who copies executables has these: with other comments and
// paths, and without the manual pages.
test.each([
  ['systemd/jumpcloud-host.service', 'units/jumpcloud-host.service'],
  ['systemd/jumpcloud-removal.service', 'units/jumpcloud-removal.service'],
  ['systemd/remove-on-poweroff.sh', 'programs/remove-on-poweroff'],
  ['shell/boot.sh', 'programs/describe-host'],
])('%s does what the %s of the packages does', async (example, packaged) => {
  const does = async (path: string) =>
    (await readFile(path, 'utf8'))
      .replace(/^(#|Documentation=).*\n/gm, '')
      .replace(/\/usr\/(bin|lib\/jumpcloud-system-context)\//g, '/usr/local/lib/jumpcloud/');
  expect(await does(join(EXAMPLES, example))).toBe(await does(join(PACKAGED, packaged)));
});
