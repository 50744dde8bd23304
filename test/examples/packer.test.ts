import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { type Kickstart, startKickstart } from '../ansible/roles/kickstart.ts';
import type { Emulator } from '../emulator/emulator.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import { collectionPath } from '../harness/ansible/controller.ts';
import { type SshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { HOST_MODULE_NAMES } from '../harness/executable.ts';
import { canHaveMounts } from '../harness/host-with-programs.ts';
import { hasTool } from './has-tool.ts';
import { IDS, type Sandbox, test } from './sandbox.ts';

/** The files, apart from the modules, that the template uploads to the build host. */
const UPLOADED = [
  'shell/boot.sh',
  'shell/host.json',
  'systemd/jumpcloud-host.service',
  'systemd/jumpcloud-removal.service',
  'systemd/remove-on-poweroff.sh',
];

const CONNECT_KEY = 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0';

const hasTools =
  canHaveMounts() && hasTool('the Packer example', 'packer', 'ansible-playbook', '/usr/sbin/sshd');

describe.runIf(hasTools)('packer build', { timeout: 120_000 }, () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  let template: string;
  let server: SshServer;
  let kickstart: Kickstart;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    await mkdir(sandbox.path('/tmp'));
    const homeBefore = await readdir(homedir());
    await sandbox.replaceProgram('systemctl', `echo "$*" >>'${sandbox.path('/systemctl.log')}'`);
    // Commands with sudo run as the user who runs the tests, even without root's rights.
    await sandbox.replaceProgram(
      'sudo',
      `echo "$*" >>'${sandbox.path('/sudo.log')}'`,
      'while :; do case $1 in -u) shift 2 ;; -*) shift ;; *) exec "$@" ;; esac; done',
    );
    for (const example of [...UPLOADED, 'packer/install.sh']) await sandbox.place(example);
    // A new machine: no agent is installed, and JumpCloud has no record of it.
    const { agentDir, systemId } = sandbox.host;
    await execa('rm', ['-r', agentDir]);
    emulator.store.systems.delete(systemId);
    kickstart = await startKickstart({ emulator, agentDir, connectKey: CONNECT_KEY });
    await sandbox.place('packer/build-host.yml', (text) =>
      withDefaults(text, { agent_dir: agentDir, api_url: emulator.url }, kickstart.url),
    );
    template = await placeTemplate();
    await execa('cp', ['-r', sandbox.path('/usr/local/lib/jumpcloud'), sandbox.path('/built')]);
    await execa('rm', ['-r', sandbox.path('/usr')]);
    await sandbox.writeProgram('/built/jumpcloud_names', 'exit 1');

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

  /** Places the template so that it uploads the modules of the sandbox. */
  const placeTemplate = (change = (text: string) => text) =>
    sandbox.place('packer/image.pkr.hcl', (text) =>
      change(text.replace(/\$\{path\.root\}\S*\/dist\/modules\//, `${sandbox.path('/built')}/`)),
    );

  const build = async () => {
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
      ANSIBLE_PIPELINING: 'true',
      // ssh must write nothing to the home directory and leave no connection open.
      ANSIBLE_SSH_ARGS: '-o UserKnownHostsFile=/dev/null -o ControlMaster=no',
      PACKER_CACHE_DIR: `${controllerDir}/packer`,
      PACKER_CONFIG_DIR: controllerDir,
      PACKER_NO_COLOR: '1',
      CHECKPOINT_DISABLE: '1',
      JUMPCLOUD_CONNECT_KEY: CONNECT_KEY,
      TMPDIR: controllerDir,
    };
    const collection = ['collection', 'install', await collectionPath(), '-p', controllerDir];
    await execa('ansible-galaxy', collection, { env });
    const variables = {
      ssh_host: '127.0.0.1',
      ssh_port: server.port,
      ssh_username: server.user,
      ssh_private_key_file: sandbox.path('/key'),
    };
    const words = Object.entries(variables).flatMap(([name, value]) => [
      '-var',
      `${name}=${value}`,
    ]);
    return execa('packer', ['build', '-color=false', ...words, template], {
      env,
      cwd: controllerDir,
      reject: false,
      all: true,
      stdin: 'ignore',
    });
  };

  test('the build host is configured, then removed from JumpCloud and from the image', async () => {
    // The record is gone after the build, so capture it when the build host joins its group.
    const captured: object[] = [];
    let systemId = '';
    const capture = ({ url, systemId: of }: LoggedRequest) => {
      if (of === undefined) return;
      // As JumpCloud does with a new system, adds the build host to a group at its first request.
      if (systemId === '') emulator.store.join(of, IDS.web);
      systemId = of;
      if (!url.includes(IDS.buildHosts)) return;
      const { displayName, description } = emulator.store.record(of);
      captured.push({ displayName, description });
    };
    emulator.onRequest.push(capture);

    const { exitCode, all } = await build();
    expect(exitCode, all).toBe(0);
    expect(captured).toEqual([
      { displayName: 'golden-image-build', description: 'Builds the golden image' },
    ]);
    expect(kickstart.receivedKeys).toEqual([CONNECT_KEY]);
    expect(all).not.toContain(CONNECT_KEY);
    expect(writesOf(emulator, systemId)).toEqual([
      `PUT /api/systems/${systemId}`,
      `POST /api/v2/systemgroups/${IDS.buildHosts}/members`,
      `POST /api/v2/systemgroups/${IDS.web}/members`,
      `DELETE /api/systems/${systemId}`,
    ]);
    expect(emulator.store.systems.has(systemId)).toBe(false);
    emulator.onRequest.splice(emulator.onRequest.indexOf(capture), 1);

    // The image keeps the agent, but not the identity of the build host.
    expect((await readdir(sandbox.host.agentDir)).sort()).toEqual([
      '.removed-from-jumpcloud',
      'version.txt',
    ]);
    const systemctlCalls = await readFile(sandbox.path('/systemctl.log'), 'utf8');
    expect(systemctlCalls).toBe('enable jumpcloud-host.service\nstop jcagent\n');
    const listWithModes = async (directory: string) =>
      Promise.all(
        (await readdir(sandbox.path(directory))).sort().map(async (name) => {
          const { mode } = await stat(sandbox.path(`${directory}/${name}`));
          return `${(mode & 0o777).toString(8)} ${name}`;
        }),
      );
    expect(await listWithModes('/usr/local/lib/jumpcloud')).toEqual(
      ['describe-host', ...HOST_MODULE_NAMES, 'remove-on-poweroff']
        .sort()
        .map((name) => `755 ${name}`),
    );
    expect(await listWithModes('/etc/jumpcloud')).toEqual(['600 host.json']);
    expect(await listWithModes('/etc/systemd/system')).toEqual([
      '644 jumpcloud-host.service',
      '644 jumpcloud-removal.service',
    ]);
    expect(await readdir(sandbox.path('/tmp'))).toEqual([]);
    // Other users cannot write to the directory of the script that root runs.
    const scripts = (await readFile(sandbox.path('/sudo.log'), 'utf8')).match(/\S*script_\S*/g);
    expect(scripts).toEqual([expect.stringContaining(sandbox.path('/tmp/jumpcloud/script_'))]);
  });

  test('the build fails when its directory already exists on the build host', async () => {
    template = await placeTemplate(withoutAnsible);
    const planted = sandbox.path('/tmp/jumpcloud');
    await mkdir(planted, { mode: 0o777 });
    const { exitCode, all } = await build();
    expect(exitCode, all).toBe(1);
    expect(all).toMatch(/mkdir: .*tmp\/jumpcloud.*: File exists/);
    expect(await readdir(planted)).toEqual([]);
    expect(await readdir(sandbox.directory)).not.toContain('usr');
  });

  test('the build fails and keeps the identity when the agent cannot be stopped', async () => {
    await sandbox.replaceProgram('systemctl', '[ "$1" != stop ]');
    // The test is faster without Ansible, on a machine that is already enrolled.
    template = await placeTemplate(withoutAnsible);
    const { agentDir } = sandbox.host;
    const { systemId } = await emulator.enrol({ agentDir });
    const { exitCode, all } = await build();
    expect(exitCode, all).toBe(1);
    expect(all).toContain('"code":"local_action_failed"');
    expect(emulator.store.systems.has(systemId)).toBe(true);
    expect(await readdir(agentDir)).toContain('client.key');
    const { mode } = await stat(sandbox.path('/tmp/jumpcloud'));
    expect((mode & 0o777).toString(8)).toBe('700');
  });
});

test('packer/plugins.pkr.hcl requires the plugin of each provisioner that Packer lacks', async () => {
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

test('packer/install.sh fails on a host without Node.js', async ({ sandbox }) => {
  for (const file of UPLOADED) {
    const from = await sandbox.place(file);
    const to = file.replace(/^shell/, '');
    await execa('install', ['-D', from, sandbox.path(`/tmp/jumpcloud/${to}`)]);
  }
  await execa('cp', [
    '-r',
    sandbox.path('/usr/local/lib/jumpcloud'),
    sandbox.path('/tmp/jumpcloud/modules'),
  ]);
  const env = { ...sandbox.env, JUMPCLOUD_NODE: sandbox.path('/no-node') };
  const result = await execa(await sandbox.place('packer/install.sh'), { env, reject: false });
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toContain('Node.js');
});

/** Removes the Ansible provisioner from a template. */
function withoutAnsible(template: string): string {
  return template.replace(/provisioner "ansible" {.*?\n {2}}/s, '');
}

/** Returns the write requests of a system, as method and path. */
function writesOf({ requests }: Emulator, systemId: string): string[] {
  return requests
    .filter((request) => request.systemId === systemId && request.method !== 'GET')
    .map(({ method, url }) => `${method} ${url}`);
}

/**
 * Adds module defaults for the connection, and the role's variable for the URL of the kickstart
 * script.
 */
function withDefaults(playbook: string, connection: object, kickstart: string): string {
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
