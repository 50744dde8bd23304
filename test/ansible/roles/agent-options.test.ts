import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { issueServerCertificate, makeCa } from '../../emulator/keys.ts';
import { hasAnsible } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { startTunnelProxy } from '../tunnel-proxy.ts';
import { type AgentRole, CONNECT_KEY, startAgentRole } from './agent-role.ts';
import { watchFiles, watchProcesses } from './watch.ts';

describe.runIf(hasAnsible)('variables of the role agent', { timeout: 300_000 }, () => {
  let role: AgentRole;

  beforeAll(async () => {
    role = await startAgentRole();
  });
  afterAll(() => role?.close());
  beforeEach(() => role.newHost());

  test.each([
    ['us', 'https://kickstart.jumpcloud.com/Kickstart'],
    ['eu', 'https://kickstart.eu.jumpcloud.com/Kickstart'],
  ])('the region %s determines the address of the kickstart', async (region, address) => {
    const variables = { jumpcloud_agent_region: region, jumpcloud_agent_kickstart_url: '' };
    const { recap, output } = await role.play(variables, { flags: ['--check'] });
    expect(recap, output).toMatchObject({ changed: 1, failed: 0 });
    expect(output).toContain(`Would install the JumpCloud agent from ${address}.`);
  });

  test('a misspelt variable fails with a suggestion, before anything is done', async () => {
    const { recap, output } = await role.play({ jumpcloud_agent_conect_key: 'x' });
    expect(recap, output).toMatchObject({ failed: 1, changed: 0 });
    expect(output).toContain(
      'The role agent has no variable jumpcloud_agent_conect_key; did you mean jumpcloud_agent_connect_key?',
    );
    expect(role.kickstart.receivedKeys).toEqual([]);
  });

  test('the text `no` or `False` in jumpcloud_agent_skip_platform_check does not skip the platform check', async () => {
    const other = ansibleRoot === '' ? 'no' : 'False';
    const unlisted = { jumpcloud_agent_platforms: [], jumpcloud_agent_skip_platform_check: other };
    const { recap, output } = await role.play(unlisted, { flags: ['--check'] });
    expect(recap, output).toMatchObject({ failed: 1, changed: 0 });
    expect(output).toContain('jumpcloud_agent_skip_platform_check to true');
  });

  test('an empty YAML value counts as not given', async () => {
    const empty = { jumpcloud_agent_proxy: null, jumpcloud_agent_installer: null };
    const variables = { ...empty, jumpcloud_agent_ca_path: null };
    role.kickstart.script = 'echo "proxy: $https_proxy;"; exit 4\n';
    const { output } = await role.play(variables);
    expect(output).toContain('ended with 4. Its last output: proxy: ;');
  });

  test.each([
    [{ jumpcloud_agent_registration_timeout: -1 }, 'must be a number of seconds, not negative'],
    // From ansible-core 2.22 on, Ansible itself refuses null.
    [
      { jumpcloud_agent_registration_timeout: null },
      /must be a number of seconds, not negative|unable to convert to int/,
    ],
    [{ jumpcloud_agent_ca_path: '/no/such.pem' }, 'ca_path: the given file cannot be read'],
    [{ jumpcloud_agent_installer: 'no/such.sh' }, 'no/such.sh, which does not exist'],
  ])('%j fails before anything is downloaded, in check mode too', async (variables, message) => {
    for (const flags of [['--check'], []]) {
      const { recap, output } = await role.play(variables, { flags });
      expect(recap, output).toMatchObject({ failed: 1, changed: 0 });
      expect(output).toMatch(message);
    }
    expect(role.kickstart.receivedKeys).toEqual([]);
  });

  test.each([
    'https://proxy.example.com:3128',
    'proxy:3128',
    'http://u:p#w@proxy:3128',
    'http://p/x',
  ])('the proxy %s is refused without being shown', async (proxy) => {
    const url = { jumpcloud_agent_kickstart_url: 'https://localhost:9/' };
    const variables = { ...url, jumpcloud_agent_proxy: proxy };
    const { recap, output } = await role.play(variables, { flags: ['-vvv'] });
    expect(recap, output).toMatchObject({ failed: 1 });
    expect(output).toContain('jumpcloud_agent_proxy must be an http:// address');
    expect(output).not.toContain(proxy);
  });

  test("a kickstart is downloaded through the proxy, and only the proxy receives the proxy's password", async () => {
    const ca = await makeCa();
    await role.newHost({ tls: await issueServerCertificate(ca) });
    role.kickstart.script = 'echo "through $https_proxy"; exit 4\n';
    const proxy = await startTunnelProxy();
    const [user, password] = ['fleet', 'p@ss w0rd/%'];
    const withUser = new URL(proxy.url);
    const credentials = `${user}:${encodeURIComponent(password)}`;
    const watches = [password, encodeURIComponent(password)].flatMap((text) => [
      watchProcesses(text),
      watchFiles(role.temporary, text),
    ]);
    const { output } = await role.play(
      {
        jumpcloud_agent_proxy: `http://${credentials}@${withUser.host}`,
        jumpcloud_agent_ca_path: await role.controller.put('ca.pem', ca.cert),
      },
      {
        flags: ['-vvvv'],
        env: { ANSIBLE_PIPELINING: 'true', NO_PROXY: 'localhost' },
        // With a proxy, the modules refuse an http api_url, so this one is https. No request is
        // sent to it.
        play: {
          module_defaults: {
            'group/systemcontext.jumpcloud.all': {
              agent_dir: role.agentDir,
              api_url: 'https://127.0.0.1:9',
            },
          },
        },
      },
    );
    const seen = await Promise.all(watches.map((watch) => watch.stop()));
    await proxy.close();
    expect(proxy.opened, output).toEqual([new URL(role.kickstart.url).host]);
    expect(proxy.credentials).toEqual([`${user}:${password}`]);
    expect(role.kickstart.receivedKeys).toEqual([CONNECT_KEY]);
    expect(role.kickstart.receivedHeaders.at(-1)).not.toHaveProperty('proxy-authorization');
    expect(output).toContain(`through http://********@${withUser.host}`);
    expect(output).not.toMatch(/p%40ss|p@ss/);
    // The password is only in the file with the role's variables, which is in none of these
    // directories. Not checked with ANSIBLE_ROOT: without /proc there, Ansible copies modules with
    // their options.
    if (ansibleRoot === '') expect(seen.flat()).toEqual([]);
  });

  test('an installer is copied, run with the connect key and removed, and nothing is downloaded', async () => {
    const installer = await role.controller.put(
      'install.sh',
      `echo "key \${#JUMPCLOUD_CONNECT_KEY}, $0, $PWD"; cat; exit 5\n`,
    );
    const watches = [watchProcesses(CONNECT_KEY), watchFiles(role.temporary, CONNECT_KEY)];
    const { recap, output } = await role.play(
      { jumpcloud_agent_installer: installer },
      { flags: ['-vvvv'], env: { ANSIBLE_PIPELINING: 'true' } },
    );
    expect(await Promise.all(watches.map((watch) => watch.stop()))).toEqual([[], []]);
    expect(recap, output).toMatchObject({ failed: 1 });
    expect(output).toMatch(
      /install\.sh ended with 5\. Its last output: key 40, \.\/installer, \S+/,
    );
    const [, directory = ''] = /installer, (\S+?)[",]/.exec(output) ?? [];
    await expect(readFile(`${ansibleRoot}${directory}/installer`)).rejects.toThrow('ENOENT');
    expect(role.kickstart.receivedKeys).toEqual([]);
  });
});
