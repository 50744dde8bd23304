import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { processState, thisProcess } from './process-identity.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Writes a file that only its owner can read. Replaces whatever is at the path, also a link or a
 * pipe. A reader finds either the old file or the new one, even after a power failure. Throws what
 * the file system throws.
 */
export function replaceFile(path: string, text: string): void {
  const temporary = writeTemporary(path, text);
  try {
    renameSync(temporary, path);
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
  flushDirectory(path);
}

/**
 * Creates a file that only its owner can read. It never appears with part of its content. Returns
 * false when the path exists. Throws what the file system throws.
 */
export function createFile(path: string, text: string): boolean {
  const temporary = writeTemporary(path, text);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    removeFile(temporary);
  }
  flushDirectory(path);
  return true;
}

/** Removes a file or a link, but no directory. Returns whether the path is gone. */
export function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Removes the temporary files that killed processes have left beside a file. */
export function removeTemporaries(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const [, pid, start = '', namespace = '', boot = ''] =
      TEMPORARY.exec(name.slice(prefix.length)) ?? [];
    if (pid === undefined) continue;
    const writer = { pid: Number(pid), start, namespace, boot };
    if (processState(writer) === 'dead') removeFile(join(dirname(path), name));
  }
}

/** A temporary file's suffix: the identity of the process that writes it (four fields), then a random name. */
const TEMPORARY = /^(\d+)-(\d*)-(\d*)-(\w*)-\w+$/;

function writeTemporary(path: string, text: string): string {
  removeTemporaries(path);
  const { pid, start, namespace, boot } = thisProcess();
  const temporary = `${path}.${[pid, start, namespace, boot, randomName()].join('-')}`;
  const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    removeFile(temporary);
    throw error;
  } finally {
    closeSync(file);
  }
  return temporary;
}

/** Returns a name that is almost certainly unique. */
export function randomName(): string {
  return Math.random().toString(36).slice(2);
}

/** Flushes a file's directory to disk: only then does a new name survive a power failure. */
function flushDirectory(path: string): void {
  let directory: number | undefined;
  try {
    directory = openSync(dirname(path), constants.O_RDONLY);
    fsyncSync(directory);
  } catch {
    // Not every file system can flush a directory.
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}
