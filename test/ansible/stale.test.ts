import { describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import type { ServiceAccount } from '../emulator/service-accounts.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../harness/ansible/fixture.ts';
import { putPlaybook } from './put-playbook.ts';

const STALE_MODULE = 'systemcontext.jumpcloud.jumpcloud_stale_systems';
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();

describe.runIf(hasAnsible)('stale records with Ansible', { timeout: 300_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let account: ServiceAccount;
  let env: Record<string, string>;
  test.beforeAll(({ controller: ansible }) => {
    controller = ansible;
  });
  const prepare = async (startWith: () => Promise<Emulator>) => {
    emulator = await startWith();
    account = emulator.store.serviceAccounts.add();
    const [secret = ''] = account.secrets;
    env = { JUMPCLOUD_CLIENT_ID: account.clientId, JUMPCLOUD_CLIENT_SECRET: secret };
    for (let i = 0; i < 30; i++) addRecord({ active: true });
  };
  const addRecord = (fields: object) =>
    emulator.store.addRecord({
      active: false,
      created: daysAgo(400),
      lastContact: daysAgo(60),
      ...fields,
    });
  const withInstance = (value: string) => ({
    hostname: `host-${value}`,
    attributes: [{ name: 'instance_id', value }],
  });
  const variables = (more: object) => [
    '-e',
    JSON.stringify({
      test_api_url: emulator.url,
      test_token_url: emulator.tokenUrl,
      ...more,
    }),
  ];

  test('one playbook looks up names, configures two hosts, and deletes three stale records', async ({
    startWith,
  }) => {
    await prepare(startWith);
    const { store } = emulator;
    const web = store.addNamed('system_group', 'web');
    const hosts: EnrolledHost[] = [
      await controller.enrol(emulator),
      await controller.enrol(emulator),
    ];
    const dead = ['i-1', 'i-2', 'i-3'].map((id) => addRecord(withInstance(id)));
    const [client_secret = ''] = account.secrets;
    const admin = { api_url: emulator.url, token_url: emulator.tokenUrl };
    const stale = (name: string, options: object) => ({
      name,
      [STALE_MODULE]: { ...admin, ...options },
      delegate_to: 'localhost',
      run_once: true,
    });
    const play = {
      hosts: 'all',
      gather_facts: false,
      module_defaults: {
        'group/systemcontext.jumpcloud.all': {
          api_url: emulator.url,
          agent_dir: '{{ own_agent_dir }}',
        },
        'systemcontext.jumpcloud.jumpcloud_names': admin,
      },
      vars: {
        jumpcloud_host_groups: ['web'],
        jumpcloud_host_client_id: account.clientId,
        jumpcloud_host_client_secret: client_secret,
      },
      roles: ['systemcontext.jumpcloud.host'],
      post_tasks: [
        stale('Report stale records', { inactive_days: 30 }),
        stale('Delete stale records', { inactive_days: 30, state: 'absent' }),
      ],
    };
    const inventory = {
      all: {
        vars: { ansible_connection: 'local' },
        hosts: Object.fromEntries(
          hosts.map(({ agentDir }, i) => [`web-${i}`, { own_agent_dir: agentDir }]),
        ),
      },
    };
    const file = await controller.put('stale/site.yml', stringify([play]));
    const flags = ['-vvv', '-i', await controller.put('stale/hosts.yml', stringify(inventory))];
    const first = await controller.playbook(file, { flags, env });
    expect(first.exitCode, first.output).toBe(0);
    expect(first.output).toContain('Found 3 stale records among 35.');
    expect(first.output).toContain('Deleted 3 stale records.');
    expect(first.recaps['web-0'], first.output).toMatchObject({ changed: 2, failed: 0 });
    expect(first.recaps['web-1'], first.output).toMatchObject({ changed: 1, failed: 0 });
    expect(first.output).not.toContain(client_secret);
    expect(dead.some((id) => store.systems.has(id))).toBe(false);
    for (const { systemId } of hosts) expect(store.groupsOf(systemId)).toEqual([web]);
    const second = await controller.playbook(file, { flags, env });
    expect(second.exitCode, second.output).toBe(0);
    for (const host of ['web-0', 'web-1']) {
      expect(second.recaps[host], second.output).toMatchObject({ changed: 0, failed: 0 });
    }
  });

  test('stale/terminated.yml deletes the record of each given instance, and fails if the host is still connected', async ({
    startWith,
  }) => {
    await prepare(startWith);
    const terminated = Array.from({ length: 11 }, (_, i) => `i-${i}`);
    const dead = terminated.map((id) =>
      addRecord({ ...withInstance(id), lastContact: daysAgo(0) }),
    );
    const alive = addRecord(withInstance('i-alive'));
    const connected = addRecord({ ...withInstance('i-connected'), active: true });
    const file = await putPlaybook(controller, 'stale/terminated.yml', (text) =>
      text.replace('retries: 15', 'retries: 2').replace('delay: 60', 'delay: 0'),
    );
    const flags = variables({ terminated });
    const first = await controller.playbook(file, { flags: [...flags, '--diff'], env });
    expect(first.recaps['localhost'], first.output).toMatchObject({ changed: 1, failed: 0 });
    expect(dead.some((id) => emulator.store.systems.has(id))).toBe(false);
    expect(emulator.store.systems.has(alive)).toBe(true);
    const second = await controller.playbook(file, { flags, env });
    expect(second.recaps['localhost'], second.output).toMatchObject({ changed: 0, failed: 0 });
    const late = variables({ terminated: ['i-connected'] });
    const third = await controller.playbook(file, { flags: late, env });
    expect(third.recaps['localhost'], third.output).toMatchObject({ changed: 0, failed: 1 });
    expect(emulator.store.systems.has(connected)).toBe(true);
  });

  test('stale/report.yml deletes records only if the variable `delete` is true, and fails if the query returns no instances', async ({
    startWith,
  }) => {
    await prepare(startWith);
    const account = { name: 'account', value: '1' };
    const inAccount = (id: string) => {
      const { hostname, attributes } = withInstance(id);
      return addRecord({ hostname, attributes: [...attributes, account] });
    };
    const [dead, alive] = [inAccount('i-dead'), inAccount('i-alive')];
    const other = addRecord(withInstance('i-other-account'));
    const file = await putPlaybook(controller, 'stale/report.yml');
    const run = (listed: string, more: object = {}) => {
      const list_instances = ['printf', '%s', listed];
      return controller.playbook(file, {
        flags: [...variables({ list_instances, attributes: { account: '1' }, ...more }), '-v'],
        env,
      });
    };
    const report = await run('["i-alive", "i-new"]');
    expect(report.recaps['localhost'], report.output).toMatchObject({ changed: 0, failed: 0 });
    expect(report.output).toContain('Found 1 stale record among 33.');
    for (const failed of ['[]', '']) {
      const { recaps, output } = await run(failed, { delete: true });
      expect(recaps['localhost'], output).toMatchObject({ changed: 0, failed: 1 });
    }
    expect(emulator.store.systems.has(dead)).toBe(true);
    const deleted = await run('["i-alive", "i-new"]', { delete: true });
    expect(deleted.recaps['localhost'], deleted.output).toMatchObject({ changed: 1, failed: 0 });
    expect([dead, alive, other].map((id) => emulator.store.systems.has(id))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
