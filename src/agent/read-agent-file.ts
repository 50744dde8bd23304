import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BadIdentity, type FailureText } from '../base/errors.ts';
import { isLink } from './is-link.ts';

/** In bytes; far more than any real agent file has. */
const MAX_BYTES = 1024 * 1024;

/** A file cannot be read, and waiting for the agent does not help. */
export class AgentFileError extends BadIdentity {}

const RESTORE = 'Restore it, or register the agent again.';

/** A small file's text and permission bits. */
export interface SmallFile {
  readonly text: string;
  readonly mode: number;
}

/**
 * Reads one of the agent's files; undefined when it does not exist. Never waits for a FIFO and
 * never reads more than 1 MiB. Follows links. A dangling link counts as damage, not as absence: the
 * files may be on a volume that is not mounted.
 * @throws AgentFileError when the file exists but cannot be read
 */
export function readAgentFile(path: string): SmallFile | undefined {
  try {
    return read(path, 0);
  } catch (error) {
    if (error instanceof AgentFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && isLink(path)) {
      throw new AgentFileError([`${path} is a link that leads nowhere.`, RESTORE]);
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw agentFileError(path, code);
  }
}

/**
 * Reads one of our own files, a JSON object, without following a link. Returns an empty object when
 * the file is missing or broken.
 */
export function readStateFile(path: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(read(path, constants.O_NOFOLLOW).text));
  } catch {
    return {};
  }
}

function read(path: string, flags: number): SmallFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new AgentFileError([`${path} is not a regular file.`, RESTORE]);
    const bytes = stat.size > MAX_BYTES ? undefined : readAll(descriptor, stat.size);
    if (bytes === undefined) {
      const size = stat.size > MAX_BYTES ? `${stat.size} bytes` : 'more than 1 MiB';
      throw new AgentFileError([
        `${path} has ${size}; the agent's own is never that large.`,
        RESTORE,
      ]);
    }
    return { text: bytes.toString('utf8'), mode: stat.mode & 0o777 };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads an open file to its end; undefined above MAX_BYTES. `size` is only a first guess: a file
 * may grow, and files in /proc report a size of zero.
 */
function readAll(descriptor: number, size: number): Buffer | undefined {
  let buffer = Buffer.alloc(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0) return buffer.subarray(0, length);
    if (length > MAX_BYTES) return undefined;
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(64 * 1024)]);
  }
}

/** Returns the error for a path of the agent that cannot be read. `code` is that of the system. */
export function agentFileError(path: string, code: string | undefined): AgentFileError {
  return new AgentFileError(failureText(path, code));
}

function failureText(path: string, code: string | undefined): FailureText {
  if (code === 'EACCES' || code === 'EPERM') {
    return [
      `No permission to read ${path} (uid ${process.getuid?.()}).`,
      "Run as root: the agent's files belong to root.",
    ];
  }
  if (code === 'ELOOP') return [`${path} is a link that leads back to itself.`, RESTORE];
  return [`${path} could not be read: ${code ?? 'unknown error'}.`, RESTORE];
}
