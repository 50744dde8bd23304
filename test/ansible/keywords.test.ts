import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../emulator/keys.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { type ManagedHost, test } from '../harness/ansible/fixture.ts';
import { startTunnelProxy } from './tunnel-proxy.ts';

const SYSTEM = 'systemcontext.jumpcloud.jumpcloud_system';
const INFO = 'systemcontext.jumpcloud.jumpcloud_system_info';

describe.runIf(hasAnsible)('playbook keywords and values', () => {
  let controller: Controller;
  let emulator: Emulator;
  let host: ManagedHost;

  test.beforeAll(({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
  });
  test.beforeEach(({ host: own }) => {
    host = own;
    emulator.clearRequests();
  });

  const task = (module: string, options: object, keywords: object = {}) => ({
    name: `Run ${module}`,
    [module]: { ...host.options, ...options },
    ...keywords,
  });
  const record = () => emulator.store.record(host.systemId);

  test('the keyword `environment` sets the Node.js and the proxy of a module', async ({
    startWith,
  }) => {
    const ca = await makeCa();
    const secure = await startWith({ tls: await issueServerCertificate(ca) });
    const host = await controller.enrol(secure);
    const caPath = await controller.put('ca.pem', ca.cert);
    const overTls = { agent_dir: host.agentDir, api_url: secure.url, ca_path: caPath };
    const proxy = await startTunnelProxy();
    const through = { HTTPS_PROXY: proxy.url, https_proxy: '', NO_PROXY: '', no_proxy: '' };
    const { registered } = await controller
      .play([
        task(INFO, overTls, {
          environment: { JUMPCLOUD_NODE: '/nonexistent/node' },
          register: 'no_node',
          ignore_errors: true,
        }),
        task(INFO, overTls, {
          environment: { JUMPCLOUD_NODE: '/usr/bin/node', ...through, NO_PROXY: 'localhost' },
          register: 'direct',
        }),
        task(INFO, overTls, { environment: through, register: 'tunnelled' }),
      ])
      .finally(() => Promise.all([proxy.close(), secure.close()]));
    expect(registered['no_node']).toMatchObject({ error: { code: 'local_action_failed' } });
    expect(registered['no_node']?.msg).toContain('JUMPCLOUD_NODE=/nonexistent/node');
    expect(registered['direct']).toMatchObject({ enrolled: true });
    expect(registered['tunnelled']).toMatchObject({ enrolled: true });
    // Only the third task opens tunnels, all to the emulator.
    expect(new Set(proxy.opened)).toEqual(new Set([new URL(secure.url).host]));
    expect(secure.requests.length).toBeGreaterThan(0);
  });

  test('the keyword no_log hides arguments and results even at high verbosity', async () => {
    const { output, recap } = await controller.play(
      [
        task(SYSTEM, { description: '{{ secret }}' }, { no_log: true }),
        task(SYSTEM, { displayname: '{{ secret }}' }, { no_log: true, ignore_errors: true }),
      ],
      // Passes the secret as a variable, because ansible-core 2.19 prints the playbook's lines
      // around a failed task.
      { flags: ['-vvv', '--diff', '-e', '{"secret": "not for logs"}'] },
    );
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    expect(record().description).toBe('not for logs');
    expect(output).not.toContain('not for logs');
    expect(output).toContain("'no_log: true' was specified for this result");
  });

  test('check_mode of a task takes precedence over --check', async () => {
    const tasks = [
      task(SYSTEM, { display_name: 'predicted' }, { check_mode: true, register: 'predicted' }),
      task(SYSTEM, { description: 'written' }, { check_mode: false, register: 'written' }),
    ];
    const { recap, registered } = await controller.play(tasks);
    expect(recap).toMatchObject({ changed: 2, failed: 0 });
    expect(registered['predicted']).toMatchObject({ system: { displayName: 'predicted' } });
    expect(record()).toMatchObject({ displayName: 'ip-10-0-0-7', description: 'written' });
    record().description = 'other';
    await controller.play(tasks, { flags: ['--check'] });
    expect(record()).toMatchObject({ displayName: 'ip-10-0-0-7', description: 'written' });
  });

  test('delegate_to changes only the record of the host that the task is delegated to', async () => {
    const other = await controller.enrol(emulator);
    const inventory = await controller.put(
      'delegation/hosts.yml',
      JSON.stringify({
        all: {
          vars: { ansible_connection: 'local' },
          hosts: { here: { agent: host.agentDir }, there: { agent: other.agentDir } },
        },
      }),
    );
    const playbook = await controller.put(
      'delegation/playbook.yml',
      JSON.stringify([
        {
          hosts: 'here',
          gather_facts: false,
          tasks: [
            task(
              SYSTEM,
              { agent_dir: '{{ hostvars["there"]["agent"] }}', description: 'by another' },
              { delegate_to: 'there' },
            ),
          ],
        },
      ]),
    );
    const { recaps, output } = await controller.playbook(playbook, { flags: ['-i', inventory] });
    expect(recaps['here']).toMatchObject({ changed: 1, failed: 0 });
    expect(output).toMatch(/changed: \[here -> there/);
    expect(emulator.store.record(other.systemId).description).toBe('by another');
    expect(record().description).toBeUndefined();
  });

  test('parallel asynchronous tasks on one host all take effect', async () => {
    const groups = [1, 2, 3].map(() => emulator.store.addGroup());
    const { recap } = await controller.play([
      task(
        'systemcontext.jumpcloud.jumpcloud_group_membership',
        { groups: ['{{ item }}'] },
        { loop: groups, async: 60, poll: 0, register: 'jobs' },
      ),
      {
        'ansible.builtin.async_status': { jid: '{{ item.ansible_job_id }}' },
        loop: '{{ jobs.results }}',
        register: 'done',
        until: 'done is finished',
        retries: 100,
        delay: 0.2,
      },
    ]);
    expect(recap).toMatchObject({ failed: 0 });
    expect(emulator.store.groupsOf(host.systemId).sort()).toEqual([...groups].sort());
  });

  test('with the keyword `become`, a module runs as root; with a `become_user` who cannot read the key, it fails', async () => {
    const { recap, registered } = await controller.play(
      [
        task(SYSTEM, { display_name: 'as root' }, { register: 'root' }),
        task(
          SYSTEM,
          { display_name: 'as another user' },
          { become_user: 'nobody', register: 'other', ignore_errors: true },
        ),
      ],
      {
        play: {
          become: true,
          become_method: 'ansible.builtin.su',
          vars: { ansible_remote_tmp: '/tmp', ansible_sh_interpreter: '/bin/sh' },
        },
        env: { ANSIBLE_BECOME_ALLOW_SAME_USER: 'true', ANSIBLE_BECOME_FLAGS: '-s /bin/sh' },
      },
    );
    expect(recap).toMatchObject({ failed: 0, changed: 1 });
    expect(registered['root']).toMatchObject({ changed: true });
    expect(registered['other']).toMatchObject({ failed: true, error: { code: 'bad_identity' } });
    expect(registered['other']?.msg).toMatch(/permission|root/i);
    expect(record().displayName).toBe('as root');
  });

  test('non-ASCII text, quotes and Jinja delimiters are written unchanged', async () => {
    const name = 'Zürich 東京 🚀 "q" \'s\' \\n $HOME `x`';
    const { registered } = await controller.play([
      task(
        SYSTEM,
        { display_name: '{{ name }}', attributes: { 'größe ✓': 'Ω {{ "{{" }} }}' } },
        { vars: { name }, register: 'result' },
      ),
    ]);
    const attributes = [{ name: 'größe ✓', value: 'Ω {{ }}' }];
    expect(registered['result']).toMatchObject({
      changed: true,
      system: { displayName: name, attributes },
    });
    expect(record()).toMatchObject({ displayName: name, attributes });
  });

  test('a module accepts a vault value in a variable or as an argument, and treats an unquoted date as text', async () => {
    const password = await controller.put('vault/password', 'open sesame\n');
    const flags = ['--vault-password-file', password];
    const encrypted = await controller.run('ansible-vault', ['encrypt_string', ...flags, 'sécret']);
    const indented = encrypted.replace(/\n */g, `\n${' '.repeat(20)}`);
    // The first task gets the vault value through a variable: as a whole option, and as a part of
    // another option. The second task has the vault value as an argument.
    const playbook = await controller.put(
      'vault/playbook.yml',
      `
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    secret: ${indented}
  module_defaults:
    group/systemcontext.jumpcloud.all: ${JSON.stringify(host.options)}
  tasks:
    - name: Through a variable
      ${SYSTEM}:
        description: "{{ secret }}"
        attributes:
          token: "x-{{ secret }}"
    - name: As an argument
      ${SYSTEM}:
        display_name: ${indented}
        attributes:
          built: 2026-11-30
`,
    );
    const { recaps, output } = await controller.playbook(playbook, { flags });
    expect(recaps['localhost'], output).toMatchObject({ changed: 2, failed: 0 });
    expect(record()).toMatchObject({
      displayName: 'sécret',
      description: 'sécret',
      attributes: [
        { name: 'token', value: 'x-sécret' },
        { name: 'built', value: '2026-11-30' },
      ],
    });
  });
});
