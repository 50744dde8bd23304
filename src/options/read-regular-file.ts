import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

const MIB = 1024 * 1024;
const FIRST_BYTES = 64 * 1024;

/** Why a file that a user names cannot be read. The message follows its path. */
export class UserFileError extends Error {}

/**
 * Reads a regular file that a user names, once. Never waits: a link may lead to a pipe, or to a file
 * of the kernel's like /proc/kmsg that waits for its next line, and may be exchanged at any time.
 * @throws UnreadableFile
 */
export function readRegularFile(path: string, maxMib: number): Buffer {
  let descriptor: number | undefined;
  try {
    // Opening a device may already do something.
    if (!statSync(path).isFile()) throw notRegular();
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (!fstatSync(descriptor).isFile()) throw notRegular();
    return readAtMost(descriptor, maxMib);
  } catch (error) {
    if (error instanceof UserFileError) throw error;
    throw new UserFileError(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Reads an open file to its end. Its size is not asked for: a file may grow, and the kernel's say
 * that they have none.
 * @throws UnreadableFile when it is larger
 */
export function readAtMost(descriptor: number, maxMib: number): Buffer {
  const most = maxMib * MIB;
  let bytes = Buffer.alloc(FIRST_BYTES);
  for (let length = 0; ; ) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > most) throw new UserFileError(`is larger than ${maxMib} MiB`);
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length, most + 1));
  }
}

function notRegular(): UserFileError {
  return new UserFileError('is not a regular file');
}
