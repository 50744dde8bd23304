import { spawnSync } from 'node:child_process';

/**
 * The folder of another Debian, to take Ansible from there (`scripts/ansible-next.sh` makes one);
 * empty for the Ansible of this machine. Without a trailing slash.
 */
export const ansibleRoot = (process.env['ANSIBLE_ROOT'] ?? '').replace(/\/+$/, '');

/** The command that runs one of Ansible's programs where it is installed. */
export function ansibleCommand(
  program: string,
  words: readonly string[],
): [file: string, words: string[]] {
  return ansibleRoot === '' ? [program, [...words]] : ['chroot', [ansibleRoot, program, ...words]];
}

/** How a path of this machine is called where Ansible is installed. */
export function seenByAnsible(path: string): string {
  return path.startsWith(`${ansibleRoot}/`) ? path.slice(ansibleRoot.length) : path;
}

/** The version of ansible-core; undefined when there is none. */
export const coreVersion = readCoreVersion();

function readCoreVersion(): string | undefined {
  const [file, words] = ansibleCommand('ansible-playbook', ['--version']);
  const { stdout } = spawnSync(file, words, { encoding: 'utf8' });
  const version = /^ansible-playbook \[core (\S+)\]/m.exec(stdout ?? '')?.[1];
  if (version === undefined && ansibleRoot !== '') {
    throw new Error(`ANSIBLE_ROOT=${ansibleRoot} holds no Ansible that chroot can run.`);
  }
  return version;
}
