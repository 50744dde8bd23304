import { execa } from 'execa';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import type { Fault } from '../emulator/faults.ts';
import { hasTool } from './has-tool.ts';
import { IDS, makeSandbox, type Sandbox, startExampleEmulator } from './sandbox.ts';

const SCRIPTS = ['shell/boot.sh', 'systemd/remove-on-poweroff.sh', 'packer/install.sh'];

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

describe('a boot script', () => {
  const boot = async () =>
    execa(await sandbox.place('shell/boot.sh'), { env: sandbox.env, reject: false, all: true });

  test('describes the host, and changes nothing at the next boot', async () => {
    const { systemId } = sandbox.host;
    expect(await boot()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.store.record(systemId)).toMatchObject({
      displayName: (await execa('uname', ['-n'])).stdout,
      allowSshPasswordAuthentication: false,
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'environment', value: 'production' },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web, IDS.monitored]);
    expect(emulator.store.edgesOf(systemId, 'user')).toEqual([
      [IDS.admin, { sudo: { enabled: true, withoutPassword: false } }],
      [IDS.guest, undefined],
    ]);
    expect(sandbox.writes()).toHaveLength(5);

    expect(await boot()).toMatchObject({ exitCode: 0 });
    expect(sandbox.writes()).toEqual([]);
  });

  const later = { 'retry-after': '9999' };
  test.each<[reason: string, fault: Fault, exitCode: number]>([
    ['JumpCloud is busy', { kind: 'status', status: 429, headers: later }, 75],
    ['JumpCloud is down', { kind: 'status', status: 503, headers: later }, 75],
    ['JumpCloud refuses', { kind: 'status', status: 403 }, 1],
    ['JumpCloud does not know this host', { kind: 'status', status: 401 }, 1],
  ])('when %s, its exit status says whether to run it again', async (_, fault, exitCode) => {
    const { systemId } = sandbox.host;
    emulator.faults.add({ fault, times: 9, when: ({ url }) => url.includes('/memberof') });
    const ran = await boot();
    emulator.faults.clear();
    expect(ran.exitCode, ran.all).toBe(exitCode);
    expect(ran.stdout).toMatch(/^jumpcloud_group_membership: .*"failed":true/m);
    // What comes after a failure is not done, what came before stays.
    expect(emulator.store.edgesOf(systemId, 'user')).toEqual([]);
    expect(emulator.store.record(systemId).attributes).toHaveLength(2);
  });
});

test.each(SCRIPTS)('%s is a shell script without a mistake', async (script) => {
  await execa('sh', ['-n', await sandbox.place(script)]);
});
test.runIf(hasTool('shellcheck over the shell scripts', 'shellcheck')).each(SCRIPTS)(
  'shellcheck finds nothing in %s',
  async (script) => {
    await execa('shellcheck', [await sandbox.place(script)]);
  },
);
