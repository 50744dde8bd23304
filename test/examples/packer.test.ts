import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { type KickstartServer, startKickstartServer } from '../ansible/roles/kickstart-server.ts';
import { findFilesWith, watchFiles } from '../ansible/roles/watch.ts';
import type { Emulator } from '../emulator/emulator.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import { collectionPath } from '../harness/ansible/controller.ts';
import { type SshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { HOST_MODULE_NAMES } from '../harness/executable.ts';
import { canHaveMounts } from '../harness/host-with-programs.ts';
import { hasPrograms } from './has-programs.ts';
import { IDS, type Sandbox, test } from './sandbox.ts';

/** Files of the build host that its image must not contain. */
const BUILD_HOST_FILES = [
  '/etc/machine-id',
  '/home/admin/.ansible/tmp/module',
  '/var/lib/systemd/random-seed',
  '/var/log/apt/history.log',
  '/var/log/jcagent.log',
  '/var/log/journal/1/system.journal',
];

const CONNECT_KEY = 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0';

const hasTools =
  canHaveMounts() &&
  hasPrograms('the Packer example', 'packer', 'ansible-playbook', '/usr/sbin/sshd');

describe.runIf(hasTools)('packer build', { timeout: 400_000 }, () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  let template: string;
  let server: SshServer;
  let kickstart: KickstartServer;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    const homeBefore = await readdir(homedir());
    // The script seal.sh must not touch this machine: its paths are in the sandbox, and its
    // programs are replaced.
    const seal = await readFile(await sandbox.place('packer/seal.sh'), 'utf8');
    expect(
      seal
        .replace(/^#.*/gm, '')
        .replaceAll(sandbox.directory, '')
        .match(/\/(etc|var|opt|root|home)/g),
    ).toEqual(
      seal
        .replace(/^#.*/gm, '')
        .match(new RegExp(`(?<=${sandbox.directory})/(etc|var|opt|root|home)`, 'g')),
    );
    for (const program of ['systemctl', 'cloud-init', 'journalctl']) {
      await sandbox.replaceProgram(program, logCalls(program));
    }
    // The replaced apt-get installs a package by copying /built/usr to /usr in the sandbox.
    await sandbox.replaceProgram(
      'apt-get',
      `echo "apt-get $*" >>'${sandbox.path('/programs.log')}'`,
      'case "$*" in *install*) for file; do :; done ;; *) exit 0 ;; esac',
      `[ -s "$file" ] && cp -r '${sandbox.path('/built/usr')}' '${sandbox.directory}'`,
    );
    // The replaced sudo runs each command as the current user.
    await sandbox.replaceProgram(
      'sudo',
      `echo "$*" >>'${sandbox.path('/sudo.log')}'`,
      'while :; do case $1 in -u) shift 2 ;; -*) shift ;; *) exec "$@" ;; esac; done',
    );
    const build = sandbox.path('/jumpcloud-build');
    await sandbox.place('packer/install.sh', (text) => text.replaceAll(`./${build}`, build));
    await sandbox.place('shell/host.json');
    // A new machine: no agent is installed, and JumpCloud has no record of it.
    const { agentDir, systemId } = sandbox.host;
    await execa('rm', ['-r', agentDir]);
    emulator.store.systems.delete(systemId);
    kickstart = await startKickstartServer({ emulator, agentDir, connectKey: CONNECT_KEY });
    await sandbox.place('packer/build-host.yml', (text) =>
      withModuleDefaults(text, { agent_dir: agentDir, api_url: emulator.url }, kickstart.url),
    );
    template = await sandbox.place('packer/image.pkr.hcl');
    await mkdir(sandbox.path('/built'));
    await rename(sandbox.path('/usr'), sandbox.path('/built/usr'));
    await sandbox.write('/package.deb', 'a package');
    await sandbox.write('/etc/ssh/ssh_host_rsa_key', 'a key');
    await sandbox.write('/etc/ssh/sshd_config', '');
    for (const file of BUILD_HOST_FILES) await sandbox.write(file, 'the build host');

    vi.stubEnv('PATH', sandbox.env['PATH']);
    server = await startSshServer();
    vi.unstubAllEnvs();
    await sandbox.write('/key', server.privateKey);
    return async () => {
      await server.close();
      await kickstart.close();
      // Packer removes its scripts from the home directory only when a build succeeds.
      const added = (await readdir(homedir())).filter((name) => !homeBefore.includes(name));
      for (const name of added.filter((name) => /^script_\d+\.sh$/.test(name)))
        await rm(join(homedir(), name));
    };
  });

  /** Returns a line for the shell script that replaces a program. The line logs each call. */
  const logCalls = (program: string) => `echo "${program} $*" >>'${sandbox.path('/programs.log')}'`;

  /** Installs the collection. Returns execa options with the environment of Packer and Ansible. */
  const environment = async (connectKey = CONNECT_KEY) => {
    const controllerDir = sandbox.path('/controller');
    await sandbox.write('/controller/ansible.cfg', '');
    const env = {
      ...sandbox.env,
      ANSIBLE_CONFIG: `${controllerDir}/ansible.cfg`,
      ANSIBLE_HOME: controllerDir,
      ANSIBLE_LOCAL_TEMP: `${controllerDir}/local`,
      ANSIBLE_REMOTE_TEMP: server.remoteTemp,
      ANSIBLE_COLLECTIONS_PATH: controllerDir,
      ANSIBLE_NOCOLOR: 'true',
      // ssh must write nothing to the home directory and leave no connection open.
      ANSIBLE_SSH_ARGS: '-o UserKnownHostsFile=/dev/null -o ControlMaster=no',
      ANSIBLE_HOST_KEY_CHECKING: 'false',
      PACKER_CACHE_DIR: `${controllerDir}/packer`,
      PACKER_CONFIG_DIR: controllerDir,
      PACKER_NO_COLOR: '1',
      CHECKPOINT_DISABLE: '1',
      JUMPCLOUD_CONNECT_KEY: connectKey,
      TMPDIR: controllerDir,
    };
    if (!existsSync(join(controllerDir, 'ansible_collections'))) {
      const words = ['collection', 'install', await collectionPath(), '-p', controllerDir];
      await execa('ansible-galaxy', words, { env });
    }
    return { env, cwd: controllerDir, reject: false, all: true, stdin: 'ignore' } as const;
  };

  /** Runs a command of Packer with the template and all its variables. */
  const packer = async (
    command: 'build' | 'validate',
    { connectKey = CONNECT_KEY, packages = [sandbox.path('/package.deb')] } = {},
  ) => {
    const variables = {
      ssh_host: '127.0.0.1',
      ssh_port: server.port,
      ssh_username: server.user,
      ssh_private_key_file: sandbox.path('/key'),
      packages: JSON.stringify(packages),
      document: sandbox.path('/ansible-examples/shell/host.json'),
    };
    const words = Object.entries(variables).flatMap(([name, value]) => [
      '-var',
      `${name}=${value}`,
    ]);
    const flags = command === 'build' ? ['-color=false'] : [];
    return execa('packer', [command, ...flags, ...words, template], await environment(connectKey));
  };

  /** Runs the playbook decommission.yml, which removes the record of a failed build. */
  const decommission = async () => {
    const { agentDir } = sandbox.host;
    const connection = { agent_dir: agentDir, api_url: emulator.url };
    const playbook = await sandbox.place('decommission.yml', (text) =>
      withModuleDefaults(text, connection, kickstart.url),
    );
    const words = ['-i', '127.0.0.1,', '-u', server.user, '-e', 'retired=127.0.0.1'];
    const login = { ansible_port: server.port, ansible_ssh_private_key_file: sandbox.path('/key') };
    const python = { ansible_python_interpreter: '/usr/bin/python3' };
    const extra = ['-e', JSON.stringify({ ...login, ...python, ansible_become: false })];
    return execa('ansible-playbook', [...words, ...extra, playbook], await environment());
  };

  /** The systems that sent requests, in the order of their first request. */
  const systems = () => [
    ...new Set(emulator.requests.flatMap(({ systemId }) => (systemId ? [systemId] : []))),
  ];

  const programs = () => readFileSync(sandbox.path('/programs.log'), 'utf8').split('\n');

  test('each build registers a new system, and a build after a failed one seals the image', async () => {
    // Adds the build host to a group that it cannot leave, as JumpCloud does with a new system.
    const names: string[] = [];
    const early = new Set<string>();
    const capture = ({ url, systemId }: LoggedRequest) => {
      if (systemId === undefined) return;
      emulator.store.join(systemId, IDS.web);
      if (url.includes(IDS.buildHosts)) for (const line of programs()) early.add(line);
      if (url.includes(IDS.buildHosts))
        names.push(emulator.store.record(systemId).displayName ?? '');
    };
    emulator.onRequest.push(capture);
    const before = systems().length;
    const valid = await packer('validate');
    expect(valid.exitCode, valid.all).toBe(0);

    await sandbox.replaceProgram('systemctl', '[ "$1" != stop ]');
    const failed = await packer('build');
    expect(failed.exitCode, failed.all).toBe(1);
    expect(failed.all).toContain('"code":"local_action_failed"');
    const [failedId = ''] = systems().slice(before);
    expect(emulator.store.record(failedId).displayName).toBe('golden-image-build');
    expect(await readdir(sandbox.host.agentDir)).toContain('client.key');
    // The SSH host key is still there, so a playbook can connect and remove the record.
    expect(await readdir(sandbox.path('/etc/ssh'))).toContain('ssh_host_rsa_key');
    const removed = await decommission();
    expect(removed.exitCode, removed.all).toBe(0);
    expect(emulator.store.systems.has(failedId)).toBe(false);

    await sandbox.replaceProgram('systemctl', logCalls('systemctl'));
    await sandbox.write('/programs.log', '');
    await sandbox.write('/sudo.log', '');
    const temporary = watchFiles([server.remoteTemp], CONNECT_KEY);
    const { exitCode, all } = await packer('build');
    expect(exitCode, all).toBe(0);
    expect(await temporary.stop()).toEqual([]);
    emulator.onRequest.splice(emulator.onRequest.indexOf(capture), 1);
    // The unit jumpcloud-removal.service is enabled early, and removes the record at poweroff. Only
    // seal.sh enables jumpcloud-host.service.
    expect(early).toContain('systemctl enable --now jumpcloud-removal.service');
    expect(early).not.toContain('systemctl enable jumpcloud-host.service');
    const [, id = ''] = systems().slice(before);
    expect(names).toEqual(['golden-image-build', 'golden-image-build']);
    expect(new Set([failedId, id, '']).size).toBe(3);
    expect(all).not.toContain(CONNECT_KEY);
    expect(writesOf(emulator, id)).toEqual([
      `PUT /api/systems/${id}`,
      `POST /api/v2/systemgroups/${IDS.buildHosts}/members`,
      `DELETE /api/systems/${id}`,
    ]);
    expect(emulator.store.systems.has(id)).toBe(false);
    expect(kickstart.receivedKeys).toEqual([CONNECT_KEY, CONNECT_KEY]);
    const agent = await readdir(sandbox.host.agentDir);
    expect(agent).toEqual(['version.txt']);
    await expectSealed();

    // Only the SSH user can write to the directory of the scripts that root runs.
    const scripts = (await readFile(sandbox.path('/sudo.log'), 'utf8')).match(/\S*script_\S*/g);
    const own = expect.stringContaining(sandbox.path('/jumpcloud-build/script_'));
    expect(scripts).toEqual([own, own]);
  });

  /** Expects the image to contain the package and no identity. */
  const expectSealed = async () => {
    const modules = await readdir(sandbox.path('/usr/bin'));
    expect(modules.sort()).toEqual([...HOST_MODULE_NAMES].sort());
    const document = await stat(sandbox.path('/etc/jumpcloud/host.json'));
    expect((document.mode & 0o777).toString(8)).toBe('600');
    expect(await readdir(sandbox.path('/etc/ssh'))).toEqual(['sshd_config']);
    const directories = ['/etc', '/home', '/var'].map(sandbox.path);
    expect(await findFilesWith(directories, 'the build host')).toEqual([]);
    expect(await readdir(sandbox.directory)).not.toContain('jumpcloud-build');
    expect(programs()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^apt-get .* install -y .*\/package\.deb$/),
        'systemctl enable jumpcloud-host.service',
        'apt-get clean',
        'cloud-init clean --logs',
        'systemctl stop systemd-random-seed.service',
      ]),
    );
  };

  test('a build without a connect key makes an image without an agent', async () => {
    const before = emulator.requests.length;
    const { exitCode, all } = await packer('build', { connectKey: '' });
    expect(exitCode, all).toBe(0);
    expect(kickstart.receivedKeys).toEqual([]);
    expect(emulator.requests.slice(before)).toEqual([]);
    await expectSealed();
  });

  test('`packer validate` reports the path of a package that does not exist', async () => {
    const { exitCode, all } = await packer('validate', { packages: ['/none.deb'] });
    expect(exitCode, all).toBe(1);
    expect(all).toContain("Bad source '/none.deb'");
  });

  test('packer/seal.sh fails before it removes anything when the modules cannot run', async () => {
    const seal = await sandbox.place('packer/seal.sh');
    await sandbox.write('/jumpcloud-build/host.json', '{}');
    await rename(sandbox.path('/built/usr'), sandbox.path('/usr'));
    const env = { ...sandbox.env, JUMPCLOUD_NODE: sandbox.path('/no-node') };
    const result = await execa(seal, { env, reject: false });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toContain('Node.js');
    expect(await readdir(sandbox.path('/etc/ssh'))).toContain('ssh_host_rsa_key');
  });
});

test('packer/plugins.pkr.hcl requires all plugins that the template needs', async () => {
  const read = (file: string) => readFile(join(projectDirectory, 'ansible-examples', file), 'utf8');
  const [template, plugins] = [
    await read('packer/image.pkr.hcl'),
    await read('packer/plugins.pkr.hcl'),
  ];
  const used = [...template.matchAll(/^ {2}provisioner "(\w+)"/gm)].map(([, name]) => name);
  const required = [...plugins.matchAll(/^ {4}(\w+) = \{/gm)].map(([, name]) => name);
  const builtIn = ['file', 'shell'];
  expect(required).toEqual([...new Set(used)].filter((name) => !builtIn.includes(name ?? '')));
  expect(template).toContain('packer init plugins.pkr.hcl');
});

/** Returns the write requests of a system, as method and path. */
function writesOf({ requests }: Emulator, systemId: string): string[] {
  return requests
    .filter((request) => request.systemId === systemId && request.method !== 'GET')
    .map(({ method, url }) => `${method} ${url}`);
}

/**
 * Adds to a playbook the module defaults for the connection, and a variable with the URL of the
 * kickstart script.
 */
function withModuleDefaults(playbook: string, connection: object, kickstart: string): string {
  const plays: { vars: object }[] = parse(playbook);
  const module_defaults = { 'group/systemcontext.jumpcloud.all': connection };
  return stringify(
    plays.map(({ vars, ...play }) => ({
      ...play,
      module_defaults,
      vars: { ...vars, jumpcloud_agent_kickstart_url: kickstart },
    })),
  );
}
