import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hasPrograms } from '../examples/has-programs.ts';
import { isRoot } from '../harness/is-root.ts';
import type { Caller } from './caller.ts';

/** Returns whether this machine can start a caller. If it cannot, prints why. */
export function isPossible({ name, needs = [], needsPrivileges }: Caller): boolean {
  if (!hasPrograms(name, ...needs)) return false;
  if (!needsPrivileges || hasPrivileges()) return true;
  console.log(
    `Skipped, because it needs root, mount namespaces and control groups of version 2: ${name}.`,
  );
  return false;
}

function hasPrivileges(): boolean {
  if (!isRoot) return false;
  if (!/ cgroup2 /.test(readFileSync('/proc/mounts', 'utf8'))) return false;
  const mount = ['--mount', 'mount', '--bind', '/tmp', '/tmp'];
  return spawnSync('unshare', mount, { stdio: 'ignore' }).status === 0;
}
