import { rm } from 'node:fs/promises';
import type { Controller } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { hasSshServer, startSshServer } from '../../harness/ansible/ssh-server.ts';
import {
  copyDebianRoot,
  makeDebianRootWithPython,
  type Suite,
} from '../../packages/debian-root.ts';

/**
 * The Debian release of the bare machine: Debian 12 if the tests use this machine's Ansible, and
 * Debian 13 if they use the Ansible of the Debian system in ANSIBLE_ROOT.
 */
export const bareRelease: Suite = ansibleRoot === '' ? 'bookworm' : 'trixie';

/**
 * A directory with a Debian system that has Python but no Node.js. Ansible reaches it over SSH as
 * root.
 */
export interface BareMachine {
  readonly root: string;
  /** The machine's inventory variables. */
  readonly vars: Readonly<Record<string, string | number | boolean>>;
  close(): Promise<void>;
}

/** Returns whether a bare machine can be made; prints the reason if not. */
export async function hasBareMachine(): Promise<boolean> {
  if (hasSshServer) return (await makeDebianRootWithPython(bareRelease)) !== undefined;
  console.log('Skipped: the tests on a bare machine. This machine has no sshd.');
  return false;
}

/** Starts a bare machine for a controller. */
export async function startBareMachine(controller: Controller): Promise<BareMachine> {
  const template = await makeDebianRootWithPython(bareRelease);
  if (template === undefined) throw new Error('the Debian to copy could not be made');
  const root = await copyDebianRoot(template);
  const server = await startSshServer({ root });
  const key = await controller.put('bare/key', server.privateKey);
  const known = await controller.put('bare/known_hosts', server.knownHosts);
  return {
    root,
    vars: {
      ansible_host: '127.0.0.1',
      ansible_port: server.port,
      ansible_user: server.user,
      ansible_ssh_private_key_file: key,
      ansible_ssh_args: [
        '-F none -o IdentitiesOnly=yes -o ControlMaster=auto -o ControlPersist=10s',
        `-o UserKnownHostsFile=${known} -o GlobalKnownHostsFile=none`,
      ].join(' '),
      // SFTP does not work, because its server would run outside the machine's directory.
      ansible_ssh_transfer_method: 'piped',
      ansible_remote_tmp: '/root/.ansible/tmp',
      ansible_python_interpreter: '/usr/bin/python3',
      // Without pipelining, most of the time would be spent on opening sessions.
      ansible_ssh_pipelining: true,
    },
    async close() {
      for (const path of await controller.list('cp')) {
        await controller
          .run('ssh', ['-F', 'none', '-O', 'exit', '-S', path, 'any'])
          .catch(() => {});
      }
      await server.close();
      await rm(root, { recursive: true });
    },
  };
}
