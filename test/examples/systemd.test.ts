import { execa } from 'execa';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { IDS, makeSandbox, type Sandbox, startExampleEmulator } from './sandbox.ts';

const UNITS = ['systemd/jumpcloud-boot.service', 'systemd/jumpcloud-removal.service'];

let emulator: Emulator;
let sandbox: Sandbox;
beforeAll(async () => {
  emulator = await startExampleEmulator();
  return () => emulator.close();
});
beforeEach(async () => {
  sandbox = await makeSandbox(emulator);
  return () => sandbox.remove();
});

describe('the shutdown hook', () => {
  /** Runs what the unit runs when it is stopped, while systemd has these jobs. */
  const stop = async (scope: string, ...systemctl: string[]) => {
    await sandbox.standIn('systemctl', `echo "$*" >>"${sandbox.path('/asked')}"`, ...systemctl);
    const script = await sandbox.place('systemd/remove-on-poweroff.sh');
    return execa(script, [scope], { env: sandbox.env, reject: false });
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
    const ran = await stop('system', jobs(...OTHERS, `12 ${target} start waiting`));
    expect(ran, ran.stdout).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ changed: true });
    expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(false);
    expect(sandbox.writes()).toEqual([`DELETE /api/systems/${sandbox.host.systemId}`]);
  });

  test('removes the associations alone where the unit says so', async () => {
    const { systemId } = sandbox.host;
    const ran = await stop('associations', jobs('12 poweroff.target start waiting', ...OTHERS));
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
    const ran = await stop('system', systemctl);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
    expect(ran.stdout).toBe('This host is not being powered off: it stays in JumpCloud.');
    expect(emulator.store.groupsOf(sandbox.host.systemId)).toEqual([IDS.web]);
    expect(sandbox.writes()).toEqual([]);
  });

  test('leaves it there, and fails, when systemd does not answer', async () => {
    const ran = await stop('system', 'echo "Failed to connect to bus" >&2', 'exit 1');
    expect(ran).toMatchObject({ exitCode: 1, stderr: 'Failed to connect to bus' });
    expect(sandbox.writes()).toEqual([]);
  });
});

test.runIf(hasTool('systemd-analyze verify over the units', 'systemd-analyze')).each(UNITS)(
  'systemd finds nothing wrong with %s',
  async (unit) => {
    await sandbox.program('/usr/local/sbin/jumpcloud-boot', 'true');
    await sandbox.program('/usr/local/sbin/jumpcloud-remove-on-poweroff', 'true');
    const path = await sandbox.place(unit);
    const words = ['verify', '--man=no', '--recursive-errors=no', path];
    const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  },
);
