import type { Controller } from './controller.ts';
import type { SshServer } from './ssh-server.ts';

/**
 * Returns the inventory variables of a host that is an SSH server on loopback. The key, the
 * known_hosts file and the directory for open connections belong to the controller. All other
 * settings are the defaults of Ansible.
 */
export async function sshVariables(
  controller: Controller,
  server: SshServer,
): Promise<Readonly<Record<string, string | number>>> {
  const key = await controller.put(`ssh/${server.port}.key`, server.privateKey);
  const known = await controller.put(`ssh/${server.port}.known_hosts`, server.knownHosts);
  return {
    ansible_host: '127.0.0.1',
    ansible_port: server.port,
    ansible_user: server.user,
    ansible_ssh_private_key_file: key,
    ansible_ssh_args: [
      '-F none -o IdentitiesOnly=yes -o ControlMaster=auto -o ControlPersist=60s',
      `-o UserKnownHostsFile=${known} -o GlobalKnownHostsFile=none`,
    ].join(' '),
    ansible_control_path_dir: `${controller.directory}/cp`,
    ansible_remote_tmp: server.remoteTemp,
    ansible_async_dir: server.remoteTemp,
    ansible_python_interpreter: '/usr/bin/python3',
  };
}

/** Closes the connections that Ansible keeps open for later tasks. */
export async function closeConnections(controller: Controller): Promise<void> {
  for (const path of await controller.list('cp')) {
    const words = ['-F', 'none', '-O', 'exit', '-S', path, 'any'];
    // The connection may be closed already.
    await controller.run('ssh', words).catch(() => {});
  }
}
