import { rm } from 'node:fs/promises';
import type { Controller } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { hasSshServer, startSshServer } from '../../harness/ansible/ssh-server.ts';
import { copyOf, debianWithPython, type Suite } from '../../packages/debian-folder.ts';

/** The older Debian for the Ansible of this machine, the newer one for a newer Ansible. */
export const bareSuite: Suite = ansibleRoot === '' ? 'bookworm' : 'trixie';

/** A Debian in a folder, with Python and without Node.js, that Ansible reaches over SSH as root. */
export interface BareMachine {
  readonly root: string;
  /** The variables of a host in an inventory that is this one. */
  readonly vars: Readonly<Record<string, string | number | boolean>>;
  close(): Promise<void>;
}

/** Whether there can be one; says why not. */
export async function hasBareMachine(): Promise<boolean> {
  if (hasSshServer) return (await debianWithPython(bareSuite)) !== undefined;
  console.log('Left out, because this machine has no sshd: what needs a bare machine.');
  return false;
}

/** Starts a new one for a controller. */
export async function startBareMachine(controller: Controller): Promise<BareMachine> {
  const template = await debianWithPython(bareSuite);
  if (template === undefined) throw new Error('there is no Debian to copy');
  const root = await copyOf(template);
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
      // There is no SFTP into the folder.
      ansible_ssh_transfer_method: 'piped',
      ansible_remote_tmp: '/root/.ansible/tmp',
      ansible_python_interpreter: '/usr/bin/python3',
      // Most of the time would else go by in opening sessions.
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
