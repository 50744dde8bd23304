import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../harness/ansible/fixture.ts';
import { putPlaybook } from './put-playbook.ts';

const HOUR_MS = 3_600_000;

describe.runIf(hasAnsible)(
  'the playbooks in ansible-examples/autoscaling',
  { timeout: 240_000 },
  () => {
    let controller: Controller;
    let stopGreeter = () => {};
    let emulator: Emulator;
    let hosts: (EnrolledHost & { name: string; isLate: boolean; clockAhead: number })[];
    let run: (playbook: string, ...flags: string[]) => ReturnType<Controller['playbook']>;

    /** Starts a server that sends the banner of an SSH server, and returns its port. */
    const startGreeter = async () => {
      const greeter = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
      await new Promise<void>((listening) => greeter.listen(0, '127.0.0.1', listening));
      stopGreeter = () => greeter.close();
      return (greeter.address() as AddressInfo).port;
    };
    afterAll(() => stopGreeter());

    test.beforeAll(async ({ controller: ansible, emulator: shared }) => {
      controller = ansible;
      emulator = shared;
      hosts = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const isLate = i % 3 === 0;
          const clockAhead = i % 5 === 0 ? HOUR_MS : i % 5 === 1 ? -HOUR_MS : 0;
          const host = await controller.enrol(emulator, { write: !isLate });
          emulator.shiftHostClock(host.systemId, clockAhead);
          return { ...host, name: `host-${i}`, isLate, clockAhead };
        }),
      );
      const inventory = await controller.put(
        'hosts.yml',
        stringify({
          all: {
            vars: {
              ansible_connection: 'local',
              ansible_host: '127.0.0.1',
              ansible_port: await startGreeter(),
              test_api_url: emulator.url,
            },
            hosts: Object.fromEntries(
              hosts.map(({ name, agentDir }) => [name, { test_agent_dir: agentDir }]),
            ),
          },
        }),
      );
      run = async (playbook, ...flags) =>
        controller.playbook(
          await putPlaybook(controller, playbook, (text) =>
            text
              .replace('settle: 30', 'settle: 0.5')
              .replaceAll('{cloud.instance_id}', 'i-{{ inventory_hostname }}'),
          ),
          { flags: ['-i', inventory, '--forks', '8', ...flags] },
        );
    });

    test('twenty hosts are configured and later removed, although some register late or have a wrong clock', async () => {
      const { store } = emulator;
      const groups = [store.addGroup(), store.addGroup()];
      const user = store.addUser();
      const desired = {
        autoscaling_group: 'shop',
        jumpcloud_host_groups: groups,
        jumpcloud_host_users: [{ id: user, sudo: true }],
      };

      const registered = Promise.all(
        hosts
          .filter(({ isLate }) => isLate)
          .map((host, i) => sleep(3000 + 500 * i).then(host.writeFiles)),
      );
      const launched = await run('autoscaling/launch.yml', '-e', JSON.stringify(desired));
      await registered;
      for (const { name, systemId } of hosts) {
        expect(launched.recaps[name], launched.output).toMatchObject({ ok: 2, changed: 1 });
        expect(store.record(systemId)).toMatchObject({
          displayName: `shop-i-${name}`,
          attributes: [
            { name: 'autoscaling_group', value: 'shop' },
            { name: 'instance_id', value: `i-${name}` },
          ],
        });
        expect(store.groupsOf(systemId).sort()).toEqual([...groups].sort());
        expect(store.edgesOf(systemId, 'user')).toEqual([
          [user, { sudo: { enabled: true, withoutPassword: false } }],
        ]);
      }
      // Each module warns about the clock, and signs its requests with the corrected time.
      const skewed = hosts.filter(({ clockAhead }) => clockAhead !== 0);
      const refused = emulator.requests.filter(({ status }) => status === 401);
      expect(new Set(refused.map(({ systemId }) => systemId))).toEqual(
        new Set(skewed.map(({ systemId }) => systemId)),
      );
      expect(launched.output).toMatch(/\[WARNING\]:.*clock/);

      const named = ['-e', 'terminated=host-*', '-e', 'autoscaling_group=shop'];
      const terminated = await run('autoscaling/terminate.yml', ...named);
      for (const { name } of hosts) {
        expect(terminated.recaps[name], terminated.output).toMatchObject({ ok: 3, changed: 1 });
      }
      expect(store.systems.size).toBe(0);
      for (const group of groups) expect(store.groups.get(group)).toEqual(new Set());
      for (const { systemId } of hosts) {
        expect(store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
      }
    });
  },
);
