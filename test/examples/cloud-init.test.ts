import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { canHaveMounts } from '../harness/host-with-programs.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

/** Debian's cloud-init is installed for this Python, which need not be the first on PATH. */
const PYTHON = '/usr/bin/python3';
const PROCESS = new URL('cloud-init.py', import.meta.url).pathname;

const FILES = ['cloud-init/user-data.yml', 'cloud-init/user-data-jinja.yml'];

/** The data of an instance. The id needs quoting, and braces in it are no reference to a fact. */
const INSTANCE_ID = 'i-1"{arch}';
const INSTANCE = JSON.stringify({ v1: { cloud_name: 'nocloud', instance_id: INSTANCE_ID } });

/** Runs a command where cloud-init's file has the content of another file. */
const WITH_INSTANCE_DATA = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/cloud-init
cp "$1" /run/cloud-init/instance-data.json
exec "$2"`;

/**
 * Writes the files and runs the commands with cloud-init's own code. A replacement of systemctl
 * runs the program of the unit directly.
 */
async function boot(sandbox: Sandbox, userData: string) {
  const program = await sandbox.place('shell/boot.sh');
  const document = sandbox.path('/etc/jumpcloud/host.json');
  const expectedArgs = 'enable --now --no-block jumpcloud-host.service';
  await sandbox.replaceProgram(
    'systemctl',
    `[ "$*" = '${expectedArgs}' ] && exec '${program}' '${document}'`,
  );
  const script = sandbox.path('/runcmd');
  const instanceData = sandbox.path('/instance-data.json');
  await sandbox.write('/instance-data.json', INSTANCE);
  await execa(PYTHON, [PROCESS, userData, instanceData, script]);
  const words = ['--mount', 'sh', '-euc', WITH_INSTANCE_DATA, 'sh', instanceData, script];
  return execa('/usr/bin/unshare', words, { env: sandbox.env, reject: false, all: true });
}

describe.runIf(hasTool('the cloud-init examples', 'cloud-init', PYTHON) && canHaveMounts())(
  'the user-data',
  () => {
    test.for(FILES)(
      '%s is valid, configures the instance at its first boot and changes nothing at its second',
      async (file, { emulator, sandbox }) => {
        const userData = await sandbox.place(file);
        const { systemId } = sandbox.host;
        const first = await boot(sandbox, userData);
        expect(first.exitCode, first.all).toBe(0);
        const schema = ['schema', '--config-file', userData];
        expect((await execa('cloud-init', schema, { all: true })).all).toMatch(
          /Valid cloud-config/,
        );
        expect(emulator.store.record(systemId)).toMatchObject({
          displayName: `web-${INSTANCE_ID}`,
          description: 'Serves the shop',
          attributes: [
            { name: 'role', value: 'web' },
            { name: 'instance_id', value: INSTANCE_ID },
          ],
        });
        expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
        expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
        expect((await stat(sandbox.path('/etc/jumpcloud/host.json'))).mode & 0o777).toBe(0o600);
        expect(sandbox.writes()).toHaveLength(3);

        expect(await boot(sandbox, userData)).toMatchObject({ exitCode: 0 });
        expect(sandbox.writes()).toEqual([]);
      },
    );
  },
);

test.runIf(hasTool('yamllint over the cloud-init examples', 'yamllint')).for(FILES)(
  'yamllint accepts %s, apart from the first lines that cloud-init requires',
  async (file) => {
    const rules = '{extends: default, rules: {comments: disable}}';
    await execa('yamllint', ['--strict', '-d', rules, join(EXAMPLES, file)]);
  },
);
