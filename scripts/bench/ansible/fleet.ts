import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../../../test/emulator/emulator.ts';
import type { Controller } from '../../../test/harness/ansible/controller.ts';
import type { SshServer } from '../../../test/harness/ansible/ssh-server.ts';
import { closeConnections, sshVariables } from '../../../test/harness/ansible/ssh-variables.ts';

/** Enrolled hosts with an Ansible inventory. */
export interface Fleet {
  readonly inventory: string;
  /** Undoes the changes that a play made to the hosts. */
  reset(): void;
  /** @throws Error if a host is not in the desired state */
  verify(): void;
  close(): Promise<void>;
}

/** Enrols hosts for a benchmark. Without an SSH server, Ansible runs its tasks locally. */
export async function makeFleet(
  controller: Controller,
  emulator: Emulator,
  size: number,
  server?: SshServer,
): Promise<Fleet> {
  const { store } = emulator;
  const groups = [store.addGroup(), store.addGroup()];
  const user = store.addUser();
  const command = store.addObject('command');
  const hosts = new Map<string, EnrolledHost>();
  for (let i = 1; i <= size; i++) hosts.set(`web-${i}`, await controller.enrol(emulator));

  const connections = join(controller.directory, 'cp');
  const connection = server
    ? {
        ...(await sshVariables(controller, server)),
        // Gives each host its own connection, because all hosts have the same address.
        ansible_control_path: `${connections}/{{ inventory_hostname }}`,
      }
    : { ansible_connection: 'local' };
  const inventory = {
    all: {
      vars: {
        ...connection,
        // A fixed path keeps plays from spending time on the discovery of Python.
        ansible_python_interpreter: '/usr/bin/python3',
        api_url: emulator.url,
        attributes: { managed_by: 'ansible', role: 'web' },
        groups_wanted: groups,
        user_wanted: user,
        command_wanted: command,
      },
      hosts: Object.fromEntries([...hosts].map(([name, host]) => [name, hostVars(host)])),
    },
  };
  return {
    inventory: await controller.put(
      `${server ? 'ssh' : 'local'}-${size}.yml`,
      stringify(inventory),
    ),
    reset() {
      for (const { systemId } of hosts.values()) {
        Object.assign(store.record(systemId), {
          displayName: 'new',
          allowSshRootLogin: true,
          attributes: [{ name: 'owner', value: 'ops' }],
        });
        for (const group of groups) store.leave(systemId, group);
        store.dissociate(systemId, 'user', user);
        store.dissociate(systemId, 'command', command);
      }
    },
    verify() {
      for (const [name, { systemId }] of hosts) {
        const { displayName, allowSshRootLogin, attributes } = store.record(systemId);
        const found = JSON.stringify([
          [displayName, allowSshRootLogin, attributes.map((each) => each.name).sort()],
          store.groupsOf(systemId).length,
          store.edgesOf(systemId, 'user'),
          store.hasEdge(systemId, 'command', command),
        ]);
        const sudo = { sudo: { enabled: true, withoutPassword: false } };
        const desired = JSON.stringify([
          [name, false, ['managed_by', 'owner', 'role']],
          groups.length,
          [[user, sudo]],
          true,
        ]);
        if (found !== desired)
          throw new Error(`${name} has the state ${found} instead of ${desired}.`);
      }
    },
    async close() {
      if (server) await closeConnections(controller);
      for (const host of hosts.values()) await host.remove();
    },
  };
}

const hostVars = (host: EnrolledHost) => ({ agent_dir: host.agentDir });
