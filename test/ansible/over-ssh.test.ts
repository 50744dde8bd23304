import { rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { test } from '../harness/ansible/fixture.ts';
import { hasSshServer, type SshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { closeConnections, sshVariables } from '../harness/ansible/ssh-variables.ts';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;
const HOSTS = ['web-1', 'web-2', 'web-3', 'web-4'] as const;
type Host = (typeof HOSTS)[number];

const missing = [...(hasAnsible ? [] : ['ansible-playbook']), ...(hasSshServer ? [] : ['sshd'])];
if (missing.length > 0) {
  console.log(`Nothing is run over SSH: ${missing.join(' and ')} was not found.`);
}

// One fleet, and what its administrator does with it one after the other.
describe.runIf(missing.length === 0)('over SSH', { timeout: 120_000 }, () => {
  let controller: Controller;
  let server: SshServer;
  let emulator: Emulator;
  let inventory: string;
  let playbooks: Record<'fleet' | 'audit' | 'launch' | 'decommission', string>;
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
      fleet: await controller.copy(join(EXAMPLES, 'fleet.yml')),
      audit: await controller.copy(join(EXAMPLES, 'audit.yml')),
      launch: await controller.copy(join(EXAMPLES, 'autoscaling/launch.yml')),
      decommission: await controller.copy(join(EXAMPLES, 'decommission.yml')),
    };
  });
  afterAll(async () => {
    if (controller) await closeConnections(controller);
    await server?.close();
  });

  /** Four hosts behind one address, told apart by their agents, and one that does not answer. */
  const fleet = (variables: object) => ({
    all: {
      vars: {
        ...variables,
        jumpcloud_api_url: emulator.url,
        jumpcloud_groups: [group],
        jumpcloud_users: [{ id: user, sudo: true }],
      },
      hosts: {
        ...Object.fromEntries(
          HOSTS.map((name) => [
            name,
            {
              jumpcloud_agent_dir: hosts[name].agentDir,
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
        // root becomes root by way of su, or there would be nothing to become.
        ...(userInfo().uid === 0 && {
          ANSIBLE_BECOME_METHOD: 'ansible.builtin.su',
          ANSIBLE_BECOME_ALLOW_SAME_USER: 'true',
        }),
      },
    });
  };
  const record = (name: Host) => emulator.store.record(hosts[name].systemId);
  const callers = () => new Set(emulator.requests.map(({ systemId }) => systemId));
  const ids = (...names: Host[]) => new Set(names.map((name) => hosts[name].systemId));

  test('a host that fails, and one that does not answer, do not hurt the others', async () => {
    await rm(join(hosts['web-3'].agentDir, 'jcagent.conf'));
    // Long enough that hosts of a batch that run at the same time are seen to.
    const isOfRecord = ({ method, url }: { method: string; url: string }) =>
      method === 'GET' && url.startsWith('/api/systems/');
    emulator.faults.add({ fault: { kind: 'slow', ms: 3000 }, times: 2, when: isOfRecord });
    const { recaps, output, exitCode } = await run('fleet', '-e', 'batch=2');
    expect(exitCode).not.toBe(0);
    for (const name of ['web-1', 'web-2', 'web-4'] as const) {
      expect(recaps[name], output).toMatchObject({ ok: 1, changed: 1, failed: 0 });
      expect(record(name)).toMatchObject({ displayName: name });
      expect(emulator.store.groupsOf(hosts[name].systemId)).toEqual([group]);
      expect(emulator.store.edgesOf(hosts[name].systemId, 'user')).toMatchObject([[user, {}]]);
    }
    expect(recaps['web-3']).toMatchObject({ changed: 0, failed: 1 });
    expect(recaps['gone']).toMatchObject({ unreachable: 1 });
    expect(output.match(/^PLAY \[/gm)).toHaveLength(3);

    const [first, second] = emulator.requests.filter(isOfRecord);
    expect(new Set([first?.systemId, second?.systemId])).toEqual(ids('web-1', 'web-2'));
    expect(second?.startedAt).toBeLessThan(first?.endedAt ?? 0);
    const later = emulator.requests.find(({ systemId }) => systemId === hosts['web-4'].systemId);
    const batch = emulator.requests.filter(({ systemId }) => systemId !== hosts['web-4'].systemId);
    expect(later?.startedAt).toBeGreaterThanOrEqual(batch.at(-1)?.endedAt ?? 0);
  });

  test('the same again writes on the repaired host alone', async () => {
    await hosts['web-3'].writeFiles();
    const { recaps } = await run('fleet');
    expect(recaps['web-3']).toMatchObject({ ok: 1, changed: 1, failed: 0 });
    expect(record('web-3').displayName).toBe('web-3');
    const writes = emulator.requests.filter(({ method }) => method !== 'GET');
    expect(new Set(writes.map(({ systemId }) => systemId))).toEqual(ids('web-3'));
  });

  test('--limit touches nobody else, and a second run changes nothing', async () => {
    const { recaps, exitCode } = await run('fleet', '--limit', 'web-1:web-2', '-e', 'batch=100%');
    expect(exitCode).toBe(0);
    expect(Object.keys(recaps)).toEqual(['web-1', 'web-2']);
    for (const recap of Object.values(recaps)) expect(recap).toMatchObject({ ok: 1, changed: 0 });
    expect(callers()).toEqual(ids('web-1', 'web-2'));
    expect(emulator.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('a group that is no longer listed is left, but for one that a rule fills', async () => {
    const { systemId } = hosts['web-1'];
    const [left, dynamic] = [emulator.store.addGroup(), emulator.store.addGroup()];
    for (const id of [left, dynamic]) emulator.store.join(systemId, id);
    const wish = { jumpcloud_dynamic_groups: [dynamic] };
    const { recaps } = await run('fleet', '--limit', 'web-1', '-e', JSON.stringify(wish));
    expect(recaps['web-1']).toMatchObject({ ok: 1, changed: 1 });
    expect(emulator.store.groupsOf(systemId).sort()).toEqual([group, dynamic].sort());
  });

  test('an audit names who can get in, and who is not enrolled', async () => {
    await rm(join(hosts['web-4'].agentDir, 'jcagent.conf'));
    const { output, recaps, exitCode } = await run('audit', '--limit', 'web-3:web-4');
    await hosts['web-4'].writeFiles();
    expect(exitCode, output).toBe(0);
    for (const name of ['web-3', 'web-4'])
      expect(recaps[name]).toMatchObject({ ok: 2, changed: 0 });
    expect(output).toMatch(new RegExp(`"web-3 lets in:",\\s+"${user}: sudo"`));
    expect(output).toMatch(/"msg": "Not enrolled: .*jcagent\.conf does not exist/);
  });

  test.each<[name: string, people: object, said: RegExp | undefined]>([
    ['nobody who may not', { jumpcloud_people: { USER: 'Ada' } }, undefined],
    [
      'a stranger',
      { jumpcloud_people: { ffffffffffffffffffffffff: 'Ada' } },
      /Not in jumpcloud_people: USER\..*in jumpcloud_sudoers: USER\./s,
    ],
    [
      'somebody with sudo who may not',
      { jumpcloud_people: { USER: 'Ada' }, jumpcloud_sudoers: [] },
      /Not in jumpcloud_people: no one\..*in jumpcloud_sudoers: USER\./s,
    ],
  ])('an audit of the people fails where it finds %s', async (_, people, said) => {
    const wish = JSON.stringify(people).replaceAll('USER', user);
    const { output, recaps } = await run('audit', '--limit', 'web-3', '-e', wish);
    expect(recaps['web-3'], output).toMatchObject({ failed: said ? 1 : 0, changed: 0 });
    if (said) expect(output.replaceAll(user, 'USER')).toMatch(said);
    expect(output.includes('"Ada: sudo"')).toBe(wish.includes(user));
  });

  // Without pipelining Ansible runs the module under ssh -tt, where stderr ends up in stdout.
  test('a host whose agent registers late is waited for, and its settings settle', async () => {
    const { systemId, agentDir, writeFiles } = hosts['web-4'];
    await rm(join(agentDir, 'jcagent.conf'));
    const wish = { autoscaling_group: 'shop', jumpcloud_settle: 3 };
    const running = run('launch', '--limit', 'web-4', '-e', JSON.stringify(wish));
    await sleep(7000);
    await writeFiles();
    const { recaps, output } = await running;
    expect(recaps['web-4'], output).toMatchObject({ ok: 1, changed: 1, failed: 0 });
    expect(emulator.store.record(systemId)).toMatchObject({ displayName: 'shop web-4' });
  });

  test('only the host that is named is taken out of JumpCloud', async () => {
    const { recaps, output } = await run('decommission', '-e', 'retired=web-2');
    expect(recaps, output).toMatchObject({ 'web-2': { changed: 1, failed: 0 } });
    expect([...emulator.store.systems.keys()].sort()).toEqual(
      [...ids('web-1', 'web-3', 'web-4')].sort(),
    );
    const wrong = await run(
      'decommission',
      ...['-e', 'retired=web-1', '-e', `jumpcloud_system_id=${hosts['web-3'].systemId}`],
    );
    expect(wrong.recaps['web-1']).toMatchObject({ changed: 0, failed: 1 });
    expect(emulator.store.systems.has(hosts['web-1'].systemId)).toBe(true);
  });
});
