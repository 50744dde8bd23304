import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/**
 * Returns the mount point of control groups version 2 on this machine.
 * @throws Error when they are not mounted
 */
export async function findControlGroups(): Promise<string> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  const found = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  if (found === undefined)
    throw new Error(
      'The machine tests need control groups of version 2, but none are mounted on this machine.',
    );
  return found;
}

/**
 * Removes the control groups of this name from all hierarchies. Retries, because killed processes
 * take time to exit.
 */
export async function removeGroups(name: string): Promise<void> {
  const script =
    'for group in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +; done';
  for (let tries = 0; tries < 20; tries++) {
    const { exitCode } = await execa('sh', ['-euc', script, 'sh', name], { reject: false });
    if (exitCode === 0) return;
    await sleep(100);
  }
}
