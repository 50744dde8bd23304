import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './is-alive.ts';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/**
 * Puts a file of ours in its place in one step, for its owner alone: whoever reads it, even after
 * the power failed, finds the old one or the new one. What stands in its place, a link or a pipe, is
 * replaced, never written through. Throws what the file system throws.
 */
export function writeFileAtOnce(path: string, text: string): void {
  removeUnfinished(path);
  const unfinished = `${path}.${process.pid}`;
  try {
    const file = openSync(unfinished, NEW_FILE, 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  flushFolder(dirname(path));
}

/** A file is in its place for good once the folder is on the disk, too. */
function flushFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } catch {
    // Not every file system can flush a folder.
  } finally {
    closeSync(descriptor);
  }
}

/** What a run that was killed left unfinished; another that still lives finishes its own. */
function removeUnfinished(path: string): void {
  const ours = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(ours) ? Number(name.slice(ours.length)) : Number.NaN;
    if (Number.isInteger(pid) && (pid === process.pid || !isAlive(pid))) {
      rmSync(join(dirname(path), name), { force: true });
    }
  }
}
