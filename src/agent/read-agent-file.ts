import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BadIdentity, type FailureText } from '../base/errors.ts';
import { isLink } from './is-link.ts';

/** The maximum size of a file, in bytes. Real files of the agent are far smaller. */
const MAX_BYTES = 1024 * 1024;

/**
 * The error for a file of the agent that exists but cannot be read. Waiting for the agent does not
 * help.
 */
export class AgentFileError extends BadIdentity {}

const RESTORE_ADVICE = 'Restore it, or register the agent again.';

/** The text and the permission bits of a small file. */
export interface SmallFile {
  readonly text: string;
  readonly mode: number;
}

/**
 * Reads one of the agent's files; returns undefined when it does not exist. Never waits for a FIFO,
 * never reads more than 1 MiB, and follows symbolic links. A dangling link counts as a damaged file
 * and not as a missing one: its target may be on a volume that is not mounted.
 * @throws AgentFileError when the file exists but cannot be read
 */
export function readAgentFile(path: string): SmallFile | undefined {
  try {
    return readSmallFile(path, 0);
  } catch (error) {
    if (error instanceof AgentFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && isLink(path)) {
      throw new AgentFileError([`${path} is a dangling symbolic link.`, RESTORE_ADVICE]);
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw agentFileError(path, code);
  }
}

/**
 * Reads a lock, marker or tombstone, which contains a JSON object. Does not follow symbolic links.
 * Returns an empty object when the file is missing or broken.
 */
export function readStateFile(path: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readSmallFile(path, constants.O_NOFOLLOW).text));
  } catch {
    return {};
  }
}

function readSmallFile(path: string, flags: number): SmallFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile())
      throw new AgentFileError([`${path} is not a regular file.`, RESTORE_ADVICE]);
    const bytes = stat.size > MAX_BYTES ? undefined : readOpenFile(descriptor, stat.size);
    if (bytes === undefined) {
      const size = stat.size > MAX_BYTES ? `${stat.size} bytes` : 'more than 1 MiB';
      throw new AgentFileError([
        `${path} has ${size}, but the agent's files are far smaller.`,
        RESTORE_ADVICE,
      ]);
    }
    return { text: bytes.toString('utf8'), mode: stat.mode & 0o777 };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads an open file to its end; returns undefined if it is larger than MAX_BYTES. `size` is only
 * the initial size of the buffer: a file may grow, and files in /proc report a size of zero.
 */
function readOpenFile(descriptor: number, size: number): Buffer | undefined {
  let buffer = Buffer.alloc(size + 1);
  let length = 0;
  for (;;) {
    const bytesRead = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (bytesRead === 0) return buffer.subarray(0, length);
    if (length > MAX_BYTES) return undefined;
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(64 * 1024)]);
  }
}

/**
 * Returns the error for one of the agent's files or directories that cannot be read. `code` is the
 * error code of the system, such as EACCES.
 */
export function agentFileError(path: string, code: string | undefined): AgentFileError {
  return new AgentFileError(describeReadFailure(path, code));
}

function describeReadFailure(path: string, code: string | undefined): FailureText {
  if (code === 'EACCES' || code === 'EPERM') {
    return [
      `No permission to read ${path} (uid ${process.getuid?.()}).`,
      "Run as root: the agent's files belong to root.",
    ];
  }
  if (code === 'ELOOP') return [`${path} is part of a loop of symbolic links.`, RESTORE_ADVICE];
  return [`${path} could not be read: ${code ?? 'unknown error'}.`, RESTORE_ADVICE];
}
