import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { test } from '../harness/ansible/fixture.ts';
import { hasSshServer, type SshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { closeConnections, sshVariables } from '../harness/ansible/ssh-variables.ts';
import { isRoot } from '../harness/is-root.ts';
import { putPlaybook } from './put-playbook.ts';

const HOSTS = ['web-1', 'web-2', 'web-3', 'web-4'] as const;
type Host = (typeof HOSTS)[number];

const missing = [...(hasAnsible ? [] : ['ansible-playbook']), ...(hasSshServer ? [] : ['sshd'])];
if (missing.length > 0) {
  console.log(`The tests over SSH are skipped: ${missing.join(' and ')} was not found.`);
}

// The tests use one fleet and run in order.
describe.runIf(missing.length === 0)('example playbooks over SSH', { timeout: 300_000 }, () => {
  let controller: Controller;
  let server: SshServer;
  let emulator: Emulator;
  let inventory: string;
  let playbooks: Record<'fleet' | 'audit' | 'launch' | 'terminate' | 'decommission', string>;
  let group: string;
  let user: string;
  const hosts = {} as Record<Host, EnrolledHost>;

  test.beforeAll(async ({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
    server = await startSshServer();
    for (const name of HOSTS) hosts[name] = await emulator.enrol();
    group = emulator.store.addGroup();
    user = emulator.store.addUser();
    const variables = await sshVariables(controller, server);
    inventory = await controller.put('ssh/hosts.yml', stringify(fleet(variables)));
    playbooks = {
      fleet: await putPlaybook(controller, 'fleet.yml'),
      audit: await putPlaybook(controller, 'audit.yml'),
      launch: await putPlaybook(controller, 'autoscaling/launch.yml', (text) =>
        text.replace('settle: 30', 'settle: 3').replaceAll('{cloud.instance_id}', 'i-4'),
      ),
      terminate: await putPlaybook(controller, 'autoscaling/terminate.yml'),
      decommission: await putPlaybook(controller, 'decommission.yml'),
    };
  });
  afterAll(async () => {
    if (controller) await closeConnections(controller);
    await server?.close();
  });

  /**
   * An inventory with an unreachable host, and four hosts at one address that have different
   * agents.
   */
  const fleet = (variables: object) => ({
    all: {
      vars: {
        ...variables,
        test_api_url: emulator.url,
        test_agent_dir: '/nowhere',
        jumpcloud_host_system: {
          display_name: '{{ inventory_hostname }}',
          allow_ssh_root_login: false,
        },
        jumpcloud_host_groups: [group],
        jumpcloud_host_users: [{ id: user, sudo: true }],
        jumpcloud_host_exclusive: ['groups', 'users'],
      },
      hosts: {
        ...Object.fromEntries(
          HOSTS.map((name) => [
            name,
            {
              test_agent_dir: hosts[name].agentDir,
              jumpcloud_system_id: hosts[name].systemId,
            },
          ]),
        ),
        gone: { ansible_port: 1 },
      },
    },
  });

  const run = (name: keyof typeof playbooks, ...flags: string[]) => {
    emulator.clearRequests();
    return controller.playbook(playbooks[name], {
      flags: ['-i', inventory, '--forks', '4', ...flags],
      env: {
        // Ansible would skip the keyword `become` when the tests run as root. With these settings,
        // Ansible uses su.
        ...(isRoot && {
          ANSIBLE_BECOME_METHOD: 'ansible.builtin.su',
          ANSIBLE_BECOME_ALLOW_SAME_USER: 'true',
        }),
      },
    });
  };
  const record = (name: Host) => emulator.store.record(hosts[name].systemId);
  const callers = () => new Set(emulator.requests.map(({ systemId }) => systemId));
  const ids = (...names: Host[]) => new Set(names.map((name) => hosts[name].systemId));

  test('fleet.yml completes on other hosts when one fails and one is unreachable', async () => {
    await rm(join(hosts['web-3'].agentDir, 'jcagent.conf'));
    // The answers are slow enough to show that the hosts of a batch run at the same time.
    const isRecordRead = ({ method, url }: { method: string; url: string }) =>
      method === 'GET' && url.startsWith('/api/systems/');
    emulator.faults.add({ fault: { kind: 'slow', ms: 3000 }, times: 2, when: isRecordRead });
    const { recaps, output, exitCode } = await run('fleet', '-e', 'batch=2');
    expect(exitCode).not.toBe(0);
    for (const name of ['web-1', 'web-2', 'web-4'] as const) {
      expect(recaps[name], output).toMatchObject({ changed: 1, failed: 0 });
      expect(record(name)).toMatchObject({ displayName: name });
      expect(emulator.store.groupsOf(hosts[name].systemId)).toEqual([group]);
      expect(emulator.store.edgesOf(hosts[name].systemId, 'user')).toMatchObject([[user, {}]]);
    }
    expect(recaps['web-3']).toMatchObject({ changed: 0, failed: 1 });
    expect(recaps['gone']).toMatchObject({ unreachable: 1 });
    expect(output.match(/^PLAY \[/gm)).toHaveLength(3);
    const isRoot = server.user === 'root';
    expect(output.includes('WARNING: root opens this connection')).toBe(isRoot);

    const [first, second] = emulator.requests.filter(isRecordRead);
    expect(new Set([first?.systemId, second?.systemId])).toEqual(ids('web-1', 'web-2'));
    expect(second?.startedAt).toBeLessThan(first?.endedAt ?? 0);
    const later = emulator.requests.find(({ systemId }) => systemId === hosts['web-4'].systemId);
    const batch = emulator.requests.filter(({ systemId }) => systemId !== hosts['web-4'].systemId);
    expect(later?.startedAt).toBeGreaterThanOrEqual(batch.at(-1)?.endedAt ?? 0);
  });

  test('a second run of fleet.yml writes only to the host that failed in the first run', async () => {
    await hosts['web-3'].writeFiles();
    const { recaps } = await run('fleet');
    expect(recaps['web-3']).toMatchObject({ changed: 1, failed: 0 });
    expect(record('web-3').displayName).toBe('web-3');
    const writes = emulator.requests.filter(({ method }) => method !== 'GET');
    expect(new Set(writes.map(({ systemId }) => systemId))).toEqual(ids('web-3'));
  });

  test('on configured hosts, fleet.yml with --limit changes nothing and sends requests only from the selected hosts', async () => {
    const { recaps, exitCode } = await run('fleet', '--limit', 'web-1:web-2', '-e', 'batch=100%');
    expect(exitCode).toBe(0);
    expect(Object.keys(recaps)).toEqual(['web-1', 'web-2']);
    for (const recap of Object.values(recaps)) expect(recap).toMatchObject({ changed: 0 });
    expect(callers()).toEqual(ids('web-1', 'web-2'));
    expect(emulator.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('fleet.yml removes a host from an unlisted group, but not from a group in jumpcloud_host_keep', async () => {
    const { systemId } = hosts['web-1'];
    const [unlisted, dynamic] = [emulator.store.addGroup(), emulator.store.addGroup()];
    for (const id of [unlisted, dynamic]) emulator.store.join(systemId, id);
    const desired = { jumpcloud_host_keep: { groups: [dynamic] } };
    const { recaps } = await run('fleet', '--limit', 'web-1', '-e', JSON.stringify(desired));
    expect(recaps['web-1']).toMatchObject({ changed: 1 });
    expect(emulator.store.groupsOf(systemId).sort()).toEqual([group, dynamic].sort());
  });

  test('audit.yml lists the users with access, and fails for hosts that are not enrolled', async () => {
    await rm(join(hosts['web-4'].agentDir, 'jcagent.conf'));
    const { output, recaps, exitCode } = await run('audit', '--limit', 'web-3:web-4:gone');
    await hosts['web-4'].writeFiles();
    expect(exitCode, output).not.toBe(0);
    expect(recaps['web-3'], output).toMatchObject({ changed: 0, failed: 0 });
    expect(recaps['web-4']).toMatchObject({ changed: 0, failed: 1 });
    expect(output).toMatch(new RegExp(`"web-3 lets in:",\\s+"${user}: sudo"`));
    expect(output).toMatch(/"msg": "Not enrolled: .*jcagent\.conf does not exist/);
  });

  test('audit.yml fails for a host with an unexpected system id, and for two hosts with the same system id', async () => {
    const copied = { jumpcloud_system_id: '{{ omit }}' };
    const shown = { ...copied, test_agent_dir: hosts['web-3'].agentDir };
    const variables = await controller.put('ssh/copied.yml', stringify(shown));
    const twice = await run('audit', '--limit', 'web-1:web-3', '-e', `@${variables}`);
    for (const name of ['web-1', 'web-3']) {
      expect(twice.recaps[name], twice.output).toMatchObject({ failed: 1 });
    }
    expect(twice.output).toContain('Another host shows the same system');
    const wrong = ['-e', `test_agent_dir=${hosts['web-3'].agentDir}`];
    const other = await run('audit', '--limit', 'web-1', ...wrong);
    expect(other.recaps['web-1'], other.output).toMatchObject({ failed: 1 });
    expect(other.output).toContain(hosts['web-1'].systemId);
  });

  test.each<[outcome: string, people: object, message: RegExp | undefined]>([
    [
      'succeeds if everyone with access is listed',
      { jumpcloud_people: { USER: 'Ada' } },
      undefined,
    ],
    [
      'fails if a user with access is not listed',
      { jumpcloud_people: { ffffffffffffffffffffffff: 'Ada' } },
      /Not in jumpcloud_people: USER\..*in jumpcloud_sudoers: USER\./s,
    ],
    [
      'fails if a user with sudo is not listed for sudo',
      { jumpcloud_people: { USER: 'Ada' }, jumpcloud_sudoers: [] },
      /Not in jumpcloud_people: no one\..*in jumpcloud_sudoers: USER\./s,
    ],
  ])('audit.yml %s', async (_, people, message) => {
    const desired = JSON.stringify(people).replaceAll('USER', user);
    const { output, recaps } = await run('audit', '--limit', 'web-3', '-e', desired);
    expect(recaps['web-3'], output).toMatchObject({ failed: message ? 1 : 0, changed: 0 });
    if (message) expect(output.replaceAll(user, 'USER')).toMatch(message);
    expect(output.includes('"Ada: sudo"')).toBe(desired.includes(user));
  });

  // Without pipelining, Ansible runs the module with ssh -tt, which merges stderr into stdout.
  test('launch.yml waits for an agent that registers late, and for the settings to settle', async () => {
    const { systemId, agentDir, writeFiles } = hosts['web-4'];
    await rm(join(agentDir, 'jcagent.conf'));
    const desired = { autoscaling_group: 'shop' };
    const running = run('launch', '--limit', 'web-4', '-e', JSON.stringify(desired));
    await sleep(7000);
    await writeFiles();
    const { recaps, output } = await running;
    expect(recaps['web-4'], output).toMatchObject({ ok: 2, changed: 1, failed: 0 });
    expect(emulator.store.record(systemId)).toMatchObject({ displayName: 'shop-i-4' });
  });

  test('terminate.yml removes a named host only if it belongs to the autoscaling group', async () => {
    const group = ['-e', 'autoscaling_group=shop'];
    const unknown = await run('terminate', ...group, '-e', 'terminated=web-4,web-9');
    expect(unknown.exitCode).not.toBe(0);
    expect(unknown.output).toContain('web-9 is not in the inventory.');
    expect(emulator.requests).toEqual([]);
    const { recaps, output } = await run('terminate', ...group, '-e', 'terminated=web-3,web-4');
    expect(recaps['web-3'], output).toMatchObject({ changed: 0, failed: 1 });
    expect(output).toContain('does not have the attribute autoscaling_group=shop');
    expect(recaps['web-4'], output).toMatchObject({ changed: 1, failed: 0 });
    const left = ids('web-1', 'web-2', 'web-3');
    expect([...emulator.store.systems.keys()].sort()).toEqual([...left].sort());
  });

  test('decommission.yml removes only the named host, and fails if its system_id is not the expected one', async () => {
    const { recaps, output } = await run('decommission', '-e', 'retired=web-2');
    expect(recaps, output).toMatchObject({ 'web-2': { changed: 1, failed: 0 } });
    expect([...emulator.store.systems.keys()].sort()).toEqual([...ids('web-1', 'web-3')].sort());
    const unknown = await run('decommission', '-e', 'retired=web-1,web-9');
    expect(unknown.exitCode).not.toBe(0);
    expect(unknown.output).toContain('web-9 is not in the inventory.');
    const wrong = await run(
      'decommission',
      ...['-e', 'retired=web-1', '-e', `jumpcloud_system_id=${hosts['web-3'].systemId}`],
    );
    expect(wrong.recaps['web-1']).toMatchObject({ changed: 0, failed: 1 });
    expect(emulator.store.systems.has(hosts['web-1'].systemId)).toBe(true);
  });
});
