import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small, separate file system. */
export interface Tmpfs {
  readonly path: string;
  /** Fills the file system completely. */
  fill(): void;
  setReadOnly(isReadOnly: boolean): void;
  unmount(): void;
}

/** Mounts a tmpfs of `size` bytes. Returns undefined if mounting is not permitted. */
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
    setReadOnly: (isReadOnly) =>
      void run('mount', '-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, path),
    unmount: () => {
      run('umount', path);
      rmdirSync(path);
    },
  };
}
