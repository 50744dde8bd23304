import { spawnSync } from 'node:child_process';

/**
 * The root directory of the Debian system whose Ansible the tests use, without a trailing slash.
 * `scripts/ansible-next.sh` makes such a system. Empty if the tests use the Ansible of this
 * machine.
 */
export const ansibleRoot = (process.env['ANSIBLE_ROOT'] ?? '').replace(/\/+$/, '');

/** Returns the command that runs a program on the system where Ansible is installed. */
export function ansibleCommand(
  program: string,
  args: readonly string[],
): [file: string, args: string[]] {
  return ansibleRoot === '' ? [program, [...args]] : ['chroot', [ansibleRoot, program, ...args]];
}

/** Converts a path of this machine to the path that Ansible sees. */
export function toAnsiblePath(path: string): string {
  return path.startsWith(`${ansibleRoot}/`) ? path.slice(ansibleRoot.length) : path;
}

/** The version of ansible-core. Undefined if Ansible is not installed. */
export const coreVersion = readCoreVersion();

function readCoreVersion(): string | undefined {
  const [file, args] = ansibleCommand('ansible-playbook', ['--version']);
  const { stdout } = spawnSync(file, args, { encoding: 'utf8' });
  const version = /^ansible-playbook \[core (\S+)\]/m.exec(stdout ?? '')?.[1];
  if (version === undefined && ansibleRoot !== '') {
    throw new Error(`ANSIBLE_ROOT=${ansibleRoot} has no Ansible that chroot can run.`);
  }
  return version;
}
