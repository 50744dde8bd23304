import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { startKickstartServer } from '../ansible/roles/kickstart-server.ts';
import { canHaveMounts } from '../harness/host-with-programs.ts';
import { hasPrograms } from './has-programs.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

/** The Python for which Debian installs cloud-init. PATH may list another Python first. */
const PYTHON = '/usr/bin/python3';
const CLOUD_INIT_SCRIPT = new URL('cloud-init.py', import.meta.url).pathname;

const FILES = ['cloud-init/user-data.yml', 'cloud-init/user-data-jinja.yml'];
const AGENT_USER_DATA = 'cloud-init/user-data-agent.yml';
const INSTALLER = '/usr/local/sbin/install-jumpcloud-agent';
const CONNECT_KEY = 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0';

/**
 * The id of an instance. It contains a quote to escape, and braces that are not a reference to a
 * fact.
 */
const INSTANCE_ID = 'i-1"{arch}';
const INSTANCE = JSON.stringify({ v1: { cloud_name: 'nocloud', instance_id: INSTANCE_ID } });

/** A script that runs the command `$2` with the file `$1` as cloud-init's instance-data.json. */
const WITH_INSTANCE_DATA = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/cloud-init
cp "$1" /run/cloud-init/instance-data.json
exec "$2"`;

/**
 * Writes the files of the user-data and runs its commands with cloud-init's own code. A script
 * replaces systemctl. When a unit is enabled, the script runs the unit's program, except that of
 * jumpcloud-removal.service.
 */
async function boot(sandbox: Sandbox, userData: string) {
  const program = sandbox.path('/usr/lib/jumpcloud-system-context/describe-host');
  const document = sandbox.path('/etc/jumpcloud/host.json');
  await sandbox.replaceProgram(
    'systemctl',
    'case "$*" in',
    `'enable --now --no-block jumpcloud-host.service') exec '${program}' '${document}' ;;`,
    `'enable --now --no-block install-jumpcloud-agent.service') exec '${sandbox.path(INSTALLER)}' ;;`,
    `'enable --now --no-block jumpcloud-removal.service') : >'${sandbox.path('/enabled')}' ;;`,
    '*) exit 1 ;; esac',
  );
  await sandbox.replaceProgram('shuf', 'echo 0');
  const script = sandbox.path('/runcmd');
  const instanceData = sandbox.path('/instance-data.json');
  await sandbox.write('/instance-data.json', INSTANCE);
  await execa(PYTHON, [CLOUD_INIT_SCRIPT, userData, instanceData, script]);
  const words = ['--mount', 'sh', '-euc', WITH_INSTANCE_DATA, 'sh', instanceData, script];
  return execa('/usr/bin/unshare', words, { env: sandbox.env, reject: false, all: true });
}

describe.runIf(
  hasPrograms('the cloud-init examples', 'cloud-init', 'systemd-analyze', PYTHON) &&
    canHaveMounts(),
)('the user-data', { timeout: 300_000 }, () => {
  test.for(FILES)(
    '%s is valid, configures the instance at its first boot and changes nothing at its second',
    async (file, { emulator, sandbox }) => {
      const userData = await sandbox.place(file);
      const { systemId } = sandbox.host;
      const first = await boot(sandbox, userData);
      expect(first.exitCode, first.all).toBe(0);
      const schema = ['schema', '--config-file', userData];
      expect((await execa('cloud-init', schema, { all: true })).all).toMatch(/Valid cloud-config/);
      expect(emulator.store.record(systemId)).toMatchObject({
        displayName: `web-${INSTANCE_ID}`,
        description: 'Serves the shop',
        attributes: [
          { name: 'role', value: 'web' },
          { name: 'autoscaling_group', value: 'shop' },
          { name: 'instance_id', value: INSTANCE_ID },
        ],
      });
      expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
      expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
      expect((await stat(sandbox.path('/etc/jumpcloud/host.json'))).mode & 0o777).toBe(0o600);
      expect(sandbox.writes()).toHaveLength(3);
      expect(await readFile(sandbox.path('/enabled'), 'utf8')).toBe('');

      expect(await boot(sandbox, userData)).toMatchObject({ exitCode: 0 });
      expect(sandbox.writes()).toEqual([]);
    },
  );

  test(`${AGENT_USER_DATA} installs the agent without exposing the connect key`, async ({
    emulator,
    sandbox,
  }) => {
    const { agentDir, systemId } = sandbox.host;
    await rm(agentDir, { recursive: true });
    emulator.store.systems.delete(systemId);
    const kickstart = await startKickstartServer({ emulator, agentDir, connectKey: CONNECT_KEY });
    await sandbox.replaceProgram('aws', `[ "$1 $2" = 'ssm get-parameter' ] && echo ${CONNECT_KEY}`);
    await sandbox.replaceProgram(
      'curl',
      `ps -eo args >>'${sandbox.path('/processes')}'`,
      'exec /usr/bin/curl "$@"',
    );
    const text = await readFile(
      await sandbox.place(AGENT_USER_DATA, (text) =>
        text
          .replace('https://kickstart.jumpcloud.com/Kickstart', kickstart.url)
          .replace("--proto '=https' ", ''),
      ),
      'utf8',
    );
    expect(text).not.toContain(CONNECT_KEY);
    const { exitCode, all } = await boot(
      sandbox,
      sandbox.path(`/ansible-examples/${AGENT_USER_DATA}`),
    );
    expect(exitCode, all).toBe(0);
    // systemd runs the script again after a failure.
    const unit = sandbox.path('/etc/systemd/system/install-jumpcloud-agent.service');
    expect(await readFile(unit, 'utf8')).toMatch(/^Restart=on-failure$/m);
    const verify = ['verify', '--man=no', '--recursive-errors=no', unit];
    const { stdout: faults, stderr } = await execa('systemd-analyze', verify, { reject: false });
    expect(faults + stderr).toBe('');
    kickstart.raw = '';
    const failed = await execa(sandbox.path(INSTALLER), { env: sandbox.env, reject: false });
    expect(failed.exitCode).not.toBe(0);
    await kickstart.close();
    expect(all).not.toContain(CONNECT_KEY);
    expect(kickstart.receivedKeys).toEqual([CONNECT_KEY, CONNECT_KEY]);
    const [record] = [...emulator.store.systems.values()];
    expect(record?.record).toMatchObject({ displayName: `web-${INSTANCE_ID}` });
    expect(await readFile(sandbox.path('/processes'), 'utf8')).not.toContain(CONNECT_KEY);
    const { stdout } = await execa('grep', ['-rlF', CONNECT_KEY, sandbox.directory], {
      reject: false,
    });
    expect(stdout.split('\n').filter((file) => !file.endsWith('/replaced/aws'))).toEqual([]);
  });
});

test
  .runIf(hasPrograms('yamllint over the cloud-init examples', 'yamllint'))
  .for([...FILES, AGENT_USER_DATA])(
  'yamllint accepts %s, apart from the first lines that cloud-init requires',
  async (file) => {
    const rules = '{extends: default, rules: {comments: disable}}';
    await execa('yamllint', ['--strict', '-d', rules, join(EXAMPLES, file)]);
  },
);
