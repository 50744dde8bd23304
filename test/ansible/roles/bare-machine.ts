import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { execa } from 'execa';
import type { Controller } from '../../harness/ansible/controller.ts';
import { hasSshServer, startSshServer } from '../../harness/ansible/ssh-server.ts';
import { copyOf, debianFolder, inside } from '../../packages/debian-folder.ts';

/** A Debian 12 in a folder, with Python and without Node.js, that Ansible reaches over SSH as root. */
export interface BareMachine {
  readonly root: string;
  /** The variables of a host in an inventory that is this one. */
  readonly vars: Readonly<Record<string, string | number | boolean>>;
  close(): Promise<void>;
}

/** Whether there can be one; says why not. */
export async function hasBareMachine(): Promise<boolean> {
  if (hasSshServer) return (await debianWithPython()) !== undefined;
  console.log('Left out, because this machine has no sshd: what needs a bare machine.');
  return false;
}

/** Starts a new one for a controller. */
export async function startBareMachine(controller: Controller): Promise<BareMachine> {
  const template = await debianWithPython();
  if (template === undefined) throw new Error('there is no Debian to copy');
  const root = await copyOf(template);
  const server = await startSshServer(root);
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

/** Ansible's own modules need Python, and its apt module python3-apt. */
async function debianWithPython(): Promise<string | undefined> {
  const bare = await debianFolder('amd64');
  if (bare === undefined) return undefined;
  const folder = `${bare}-python`;
  if (existsSync(folder)) return folder;
  // Beside its place, so that a folder of that name is a whole one.
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await execa('cp', ['-a', bare, unfinished]);
  const install =
    'apt-get update && apt-get install -y --no-install-recommends python3 python3-apt';
  const { exitCode, stderr } = await inside(unfinished, [
    'sh',
    '-c',
    `${install} && apt-get clean`,
  ]);
  if (exitCode !== 0) {
    console.log(
      `Left out, because Python could not be installed in a Debian: ${stderr.slice(-500)}`,
    );
    return undefined;
  }
  await rename(unfinished, folder);
  return folder;
}
