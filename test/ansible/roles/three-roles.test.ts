import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../../emulator/keys.ts';
import { type Controller, hasAnsible } from '../../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../../harness/ansible/fixture.ts';
import { BuiltPackages, canPack, describeRuntimePackage } from '../../packages/packed.ts';
import { startTunnelProxy, type TunnelProxy } from '../tunnel-proxy.ts';
import { type BareMachine, bareRelease, hasBareMachine, startBareMachine } from './bare-machine.ts';
import { type KickstartServer, startKickstartServer } from './kickstart-server.ts';
import { watchFiles, watchProcesses } from './watch.ts';

const FQCN = 'systemcontext.jumpcloud';
const CONNECT_KEY = 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0';

interface PlaybookResult {
  readonly recap: object | undefined;
  readonly output: string;
  readonly seconds: string;
}

/** The user and password of the proxy, as they are in its URL. */
const PROXY_USER = 'ansible:p%40ss-of-the-proxy';

const canRun = hasAnsible && canPack.deb && (await hasBareMachine());

// The tests use one machine and run in order.
describe.runIf(canRun)('a play of the roles runtime, agent and host', { timeout: 400_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let kickstart: KickstartServer;
  let proxy: TunnelProxy;
  let machine: BareMachine;
  let packed: BuiltPackages;
  let run: (flags?: readonly string[], variables?: object) => Promise<PlaybookResult>;
  let group: string;
  let user: string;

  test.beforeAll(async ({ controller: ansible }) => {
    controller = ansible;
    const ca = await makeCa();
    const tls = await issueServerCertificate(ca);
    emulator = await startEmulator({ tls });
    proxy = await startTunnelProxy();
    packed = await BuiltPackages.make();
    const description = await describeRuntimePackage('x64');
    if (description === undefined) throw new Error('the Node.js to pack could not be fetched');
    const deb = await packed.deb(description);
    machine = await startBareMachine(controller);
    // Paths inside the bare machine, not on the host that runs the tests.
    const agent = { emulator, agentDir: '/opt/jc', connectKey: CONNECT_KEY, delay: 2, tls };
    kickstart = await startKickstartServer(agent);
    const caPath = '/etc/private-ca.pem';
    await writeFile(join(machine.root, caPath), ca.cert);
    const proxyUrl = `http://${PROXY_USER}@${new URL(proxy.url).host}`;
    group = emulator.store.addNamed('system_group', 'web');
    user = emulator.store.addNamed('user', 'ada');

    const vars = {
      ...machine.vars,
      jumpcloud_runtime_distribution: false,
      jumpcloud_runtime_package: await controller.copy(deb),
      jumpcloud_runtime_checksum: createHash('sha256')
        .update(await readFile(deb))
        .digest('hex'),
      jumpcloud_agent_connect_key: CONNECT_KEY,
      jumpcloud_agent_kickstart_url: kickstart.url,
      jumpcloud_agent_ca_path: caPath,
      jumpcloud_agent_proxy: proxyUrl,
      // The role does not list Debian 13 as a platform of the kickstart.
      jumpcloud_agent_skip_platform_check: bareRelease === 'trixie',
      jumpcloud_host_system: { display_name: '{{ inventory_hostname }}' },
      jumpcloud_host_groups: ['web'],
      jumpcloud_host_users: [{ id: 'ada', sudo: true }],
    };
    const inventory = await controller.put(
      'three/hosts.yml',
      stringify({ all: { hosts: { bare: vars } } }),
    );
    const caOfNames = await controller.put('three/ca.pem', ca.cert);
    const play = {
      hosts: 'bare',
      gather_facts: false,
      module_defaults: {
        [`group/${FQCN}.all`]: { api_url: emulator.url, ca_path: caPath, proxy: proxyUrl },
        [`${FQCN}.jumpcloud_names`]: { api_url: emulator.url, ca_path: caOfNames },
      },
      roles: ['runtime', 'agent', 'host'].map((role) => ({
        role: `${FQCN}.${role}`,
        when: `'${role}' in (only | default(['runtime', 'agent', 'host']))`,
      })),
    };
    const playbook = await controller.put('three/play.yml', stringify([play]));
    const env = { JUMPCLOUD_API_KEY: emulator.store.addApiKey() };
    run = async (flags = [], variables = {}) => {
      const start = performance.now();
      const result = await controller.playbook(playbook, {
        flags: ['-i', inventory, '-e', JSON.stringify(variables), ...flags],
        env,
      });
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      return { recap: result.recaps['bare'], output: result.output, seconds };
    };
  }, 180_000);
  afterAll(async () => {
    await machine?.close();
    await kickstart?.close();
    await proxy?.close();
    await emulator?.close();
    await packed?.remove();
  });

  const agentFiles = () => access(join(machine.root, 'opt/jc'));

  test('a platform that the role `agent` does not list is refused before anything is downloaded', async () => {
    const release = join(machine.root, 'usr/lib/os-release');
    const own = await readFile(release);
    await writeFile(release, 'ID=slackware\nVERSION_ID=15.0\nPRETTY_NAME="Slackware 15.0"\n');
    const check = { jumpcloud_agent_skip_platform_check: false };
    const { recap, output } = await run([], check);
    await writeFile(release, own);
    expect(recap, output).toMatchObject({ changed: 1, failed: 1 });
    expect(output).toContain('not known to run on this host: Slackware 15.0. It runs on Debian 11');
    expect(output).toContain('set jumpcloud_agent_skip_platform_check to true.');
    expect(kickstart.receivedKeys).toEqual([]);
    if (bareRelease === 'bookworm') return;
    const own13 = await run([], { ...check, only: ['agent'] });
    expect(own13.output).toContain('not known to run on this host: Debian GNU/Linux 13');
  });

  test('a bare machine reaches its desired state through a proxy and with a private CA, and a second run changes nothing', async () => {
    const before = await run(['--check']);
    expect(before.recap, before.output).toMatchObject({ changed: 2, failed: 0 });
    expect(kickstart.receivedKeys).toEqual([]);

    const password = PROXY_USER.split(':')[1] ?? '';
    const temporary = ['dev/shm', 'root', 'run', 'tmp', 'var/tmp'];
    const directories = temporary.map((name) => join(machine.root, name));
    const watches = [
      watchProcesses(CONNECT_KEY),
      watchFiles(directories, CONNECT_KEY),
      watchProcesses(password),
    ];
    const first = await run(['-vvvv', '--diff']);
    const seen = await Promise.all(watches.map((watch) => watch.stop()));
    expect(first.recap, first.output).toMatchObject({ changed: 2, failed: 0, unreachable: 0 });
    expect(seen).toEqual([[], [], []]);
    expect(first.output).not.toContain(CONNECT_KEY);
    expect(first.output).not.toContain(password);
    expect(new Set(proxy.opened)).toEqual(
      new Set([kickstart.url, emulator.url].map((url) => new URL(url).host)),
    );
    const [system] = [...emulator.store.systems.keys()];
    if (system === undefined) throw new Error('no system was enrolled');
    expect(emulator.store.record(system).displayName).toBe('bare');
    expect(emulator.store.groupsOf(system)).toEqual([group]);
    expect(emulator.store.hasEdge(system, 'user', user)).toBe(true);

    const second = await run();
    expect(second.recap, second.output).toMatchObject({ changed: 0, failed: 0 });
    const check = await run(['--check'], { jumpcloud_agent_skip_platform_check: false });
    expect(check.recap, check.output).toMatchObject({ changed: 0, failed: 0 });
    expect(kickstart.receivedKeys).toEqual([CONNECT_KEY]);
    console.log(
      `Three roles on a bare ${bareRelease}: ${first.seconds} s, second run: ${second.seconds} s.`,
    );
  });

  test('`jumpcloud_agent_state: absent` removes the record and the agent, and a second run changes nothing', async () => {
    const absent = { only: ['agent'], jumpcloud_agent_state: 'absent' };
    const check = await run(['--check'], absent);
    expect(check.recap, check.output).toMatchObject({ changed: 2, failed: 0 });
    await agentFiles();
    const first = await run([], absent);
    expect(first.recap, first.output).toMatchObject({ changed: 2, failed: 0 });
    expect(emulator.store.systems.size).toBe(0);
    await expect(agentFiles()).rejects.toThrow('ENOENT');
    const second = await run([], absent);
    expect(second.recap, second.output).toMatchObject({ changed: 0, failed: 0 });
  });

  test('with a local installer, the role agent enrols the machine without a download; with the state absent, it uninstalls the agent even if the record was deleted', async () => {
    const script = await kickstart.makeInstallScript();
    const installer = await controller.put('three/install.sh', `${AGENT_PACKAGE}\n${script}`);
    const offline = { jumpcloud_agent_installer: installer, only: ['agent', 'host'] };
    const first = await run([], offline);
    expect(first.recap, first.output).toMatchObject({ changed: 2, failed: 0 });
    const second = await run([], offline);
    expect(second.recap, second.output).toMatchObject({ changed: 0, failed: 0 });
    expect(kickstart.receivedKeys).toEqual([CONNECT_KEY]);

    emulator.store.systems.clear();
    const absent = await run([], { only: ['agent'], jumpcloud_agent_state: 'absent' });
    expect(absent.recap, absent.output).toMatchObject({ changed: 1, failed: 0 });
    expect(absent.output).toContain('The agent is uninstalled anyway.');
    await expect(agentFiles()).rejects.toThrow('ENOENT');
    const packages = await readFile(join(machine.root, 'var/lib/dpkg/status'), 'utf8');
    expect(packages).not.toMatch(/^Package: jcagent$/m);
  });
});

/** Shell commands that install an empty package with the same name as the agent's package. */
const AGENT_PACKAGE = `set -e
mkdir -p /tmp/jcagent/DEBIAN
printf 'Package: jcagent\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' >/tmp/jcagent/DEBIAN/control
dpkg-deb -b /tmp/jcagent /tmp/jcagent.deb && dpkg -i /tmp/jcagent.deb && rm -r /tmp/jcagent*
`;
