import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

/** Debian's cloud-init is installed for this Python, which need not be the first on PATH. */
const PYTHON = '/usr/bin/python3';

describe.runIf(hasTool('the cloud-init example', 'cloud-init', PYTHON))('the user-data', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  let userData: string;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    userData = await sandbox.place('cloud-init/user-data.yml');
  });

  /**
   * Writes the files and runs the commands with cloud-init's own code. A replacement of systemctl
   * runs the program of the unit directly.
   */
  const boot = async () => {
    const program = await sandbox.place('shell/boot.sh');
    const document = sandbox.path('/etc/jumpcloud/host.json');
    const expectedArgs = 'enable --now --no-block jumpcloud-host.service';
    await sandbox.replaceProgram(
      'systemctl',
      `[ "$*" = '${expectedArgs}' ] && exec '${program}' '${document}'`,
    );
    const script = sandbox.path('/runcmd');
    await execa(PYTHON, [new URL('cloud-init.py', import.meta.url).pathname, userData, script]);
    return execa(script, { env: sandbox.env, reject: false, all: true });
  };

  test('the user-data is valid according to cloud-init’s schema', async () => {
    const { all } = await execa('cloud-init', ['schema', '--config-file', userData], { all: true });
    expect(all).toMatch(/Valid cloud-config/);
  });

  test('the first boot configures the instance and the second boot changes nothing', async () => {
    const { systemId } = sandbox.host;
    const first = await boot();
    expect(first.exitCode, first.all).toBe(0);
    expect(emulator.store.record(systemId)).toMatchObject({
      description: 'Serves the shop',
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'environment', value: 'production' },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
    expect((await stat(sandbox.path('/etc/jumpcloud/host.json'))).mode & 0o777).toBe(0o600);
    expect(sandbox.writes()).toHaveLength(3);

    expect(await boot()).toMatchObject({ exitCode: 0 });
    expect(sandbox.writes()).toEqual([]);
  });
});

test.runIf(hasTool('yamllint over the cloud-init example', 'yamllint'))(
  'yamllint accepts the user-data, apart from the first line that cloud-init requires',
  async () => {
    const rules = '{extends: default, rules: {comments: disable}}';
    await execa('yamllint', ['--strict', '-d', rules, join(EXAMPLES, 'cloud-init/user-data.yml')]);
  },
);
