import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toPath } from './path.ts';
import { reader } from './reader.ts';

/** Ten times the size of all roots there are, in bytes. */
const LARGEST_BUNDLE = 4 * 1024 * 1024;

/** The path of a PEM bundle, which is read to see that it is one. */
export function pemBundle(): Option<string | undefined> {
  return { type: 'path', schema: () => reader(toPemBundle) };
}

/** The path of a file that holds at least one certificate. Never blocks on a pipe. */
function toPemBundle(value: unknown): string {
  const file = toPath(value);
  let pem: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new InvalidValue(`${file} is not a regular file`);
    if (stat.size > LARGEST_BUNDLE) {
      throw new InvalidValue(
        `${file} has ${stat.size} bytes; a bundle of certificates is never that large`,
      );
    }
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InvalidValue) throw error;
    throw new InvalidValue(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    new X509Certificate(pem);
  } catch {
    throw new InvalidValue(`${file} does not hold a certificate in PEM form`);
  }
  return file;
}
