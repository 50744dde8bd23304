import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { BadIdentity } from '../errors.ts';
import { isLink } from './is-link.ts';

/** Far above any real agent file, in bytes; a larger one is something else. */
const LARGEST = 1024 * 1024;

/** A file that waiting will not make readable. */
export class Unreadable extends BadIdentity {}

const RESTORE = 'Restore it, or register the agent anew.';

/** A small file's text and its permission bits. */
export interface SmallFile {
  readonly text: string;
  readonly mode: number;
}

/**
 * Reads one of the agent's files, or gives undefined when it does not exist. Never blocks on a
 * FIFO and never reads a file of more than 1 MiB. A link that leads nowhere is damage, not absence:
 * the files may be on a volume that is not mounted.
 * @throws Unreadable when it is there but cannot be read
 */
export function readFile(path: string): SmallFile | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Unreadable(`${path} is not a regular file. ${RESTORE}`);
    if (stat.size > LARGEST) {
      throw new Unreadable(
        `${path} has ${stat.size} bytes; the agent's own is never that large. ${RESTORE}`,
      );
    }
    return { text: readFileSync(descriptor, 'utf8'), mode: stat.mode & 0o777 };
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && isLink(path)) {
      throw new Unreadable(`${path} is a link that leads nowhere. ${RESTORE}`);
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Unreadable(reason(path, code));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function reason(path: string, code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM') {
    return `No permission to read ${path} (uid ${process.getuid?.()}). Run as root: the agent's files belong to root.`;
  }
  if (code === 'ELOOP') return `${path} is a link that leads back to itself. ${RESTORE}`;
  return `${path} could not be read: ${code ?? 'unknown error'}. ${RESTORE}`;
}
