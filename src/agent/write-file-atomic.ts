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
import { findProcessState, identifyThisProcess } from './process-identity.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Writes a file with mode 0600. Replaces any file, symbolic link or pipe at the path. A reader
 * finds either the old file or the complete new one, even after a power failure. Throws the errors
 * of the file system.
 */
export function replaceFile(path: string, text: string): void {
  const temporaryPath = writeTemporaryFile(path, text);
  try {
    renameSync(temporaryPath, path);
  } catch (error) {
    removeFile(temporaryPath);
    throw error;
  }
  flushParentDirectory(path);
}

/**
 * Creates a file with mode 0600. The file appears with its complete content. Returns false when the
 * path already exists. Throws the errors of the file system.
 */
export function createFile(path: string, text: string): boolean {
  const temporaryPath = writeTemporaryFile(path, text);
  try {
    linkSync(temporaryPath, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    removeFile(temporaryPath);
  }
  flushParentDirectory(path);
  return true;
}

/** Removes a file or a symbolic link, but no directory. Returns whether the path is gone. */
export function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/**
 * Removes the temporary files that dead processes left while they were writing the file at a path.
 */
export function removeTemporaryFiles(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const [, pid, start = '', namespace = '', boot = ''] =
      TEMPORARY_SUFFIX.exec(name.slice(prefix.length)) ?? [];
    if (pid === undefined) continue;
    const writingProcess = { pid: Number(pid), start, namespace, boot };
    if (findProcessState(writingProcess) === 'dead') removeFile(join(dirname(path), name));
  }
}

/**
 * Matches the suffix of a temporary file: the four fields of the writing process's identity, and a
 * random name.
 */
const TEMPORARY_SUFFIX = /^(\d+)-(\d*)-(\d*)-(\w*)-\w+$/;

function writeTemporaryFile(path: string, text: string): string {
  removeTemporaryFiles(path);
  const { pid, start, namespace, boot } = identifyThisProcess();
  const temporaryPath = `${path}.${[pid, start, namespace, boot, makeRandomName()].join('-')}`;
  const descriptor = openSync(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    removeFile(temporaryPath);
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return temporaryPath;
}

/** Returns a random name, which is almost certainly unique. */
export function makeRandomName(): string {
  return Math.random().toString(36).slice(2);
}

/** Flushes a file's directory to disk. Otherwise a new file may be lost in a power failure. */
function flushParentDirectory(path: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(dirname(path), constants.O_RDONLY);
    fsyncSync(descriptor);
  } catch {
    // Not every file system can flush a directory.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
