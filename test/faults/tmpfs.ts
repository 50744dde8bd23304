import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small file system of its own. */
export interface Tmpfs {
  readonly path: string;
  /** Leaves no byte free. */
  fill(): void;
  readOnly(is: boolean): void;
  unmount(): void;
}

/** Mounts one of so many bytes; undefined where that is not allowed. */
export function mountTmpfs(size: number): Tmpfs | undefined {
  const path = mkdtempSync(join(tmpdir(), 'tmpfs-'));
  const run = (...words: [string, ...string[]]) =>
    execFileSync(words[0], words.slice(1), { stdio: 'ignore' });
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path);
  } catch {
    rmdirSync(path);
    return undefined;
  }
  return {
    path,
    fill: () => {
      const file = openSync(join(path, 'ballast'), 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch {
        closeSync(file);
      }
    },
    readOnly: (is) => void run('mount', '-o', `remount,${is ? 'ro' : 'rw'}`, path),
    unmount: () => {
      run('umount', path);
      rmdirSync(path);
    },
  };
}
