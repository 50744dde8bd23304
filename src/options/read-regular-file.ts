import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

const MIB = 1024 * 1024;
const INITIAL_BUFFER_BYTES = 64 * 1024;

/** A file that the user named cannot be read. The message is printed after the path. */
export class UserFileError extends Error {}

/**
 * Reads a regular file. Never blocks, even if the path leads to a pipe or to a kernel file such as
 * /proc/kmsg, or if the file is replaced in the meantime.
 * @throws UserFileError
 */
export function readRegularFile(path: string, maxMib: number): Buffer {
  let descriptor: number | undefined;
  try {
    // Checked before opening, because opening a device may have side effects.
    if (!statSync(path).isFile()) throw notRegularFileError();
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (!fstatSync(descriptor).isFile()) throw notRegularFileError();
    return readToEnd(descriptor, maxMib);
  } catch (error) {
    if (error instanceof UserFileError) throw error;
    throw new UserFileError(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Reads an open file to its end. Ignores the reported size, because files may grow, and kernel
 * files report zero.
 * @throws UserFileError when the file is larger than `maxMib`
 */
export function readToEnd(descriptor: number, maxMib: number): Buffer {
  const maxBytes = maxMib * MIB;
  let bytes = Buffer.alloc(INITIAL_BUFFER_BYTES);
  for (let length = 0; ; ) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > maxBytes) throw new UserFileError(`is larger than ${maxMib} MiB`);
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length, maxBytes + 1));
  }
}

function notRegularFileError(): UserFileError {
  return new UserFileError('is not a regular file');
}
