import { readFileSync, statSync } from 'node:fs';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toPath } from './path.ts';

/** Ten times the size of all roots there are, in bytes. */
const LARGEST_BUNDLE = 4 * 1024 * 1024;

/** One thing in a bundle, up to its end or, when that is missing, to the next. */
const BLOCK = /-----BEGIN ([^-]+)-----[\s\S]*?(?:-----END [^-]+-----|(?=-----BEGIN )|$)/g;

/** The path of a PEM bundle, which is read to see that it is one. */
export function pemBundle(): Option<string | undefined> {
  return { type: 'path', read: toPemBundle };
}

/** The path of a file that holds at least one certificate, and none that is broken. Never blocks on a pipe. */
async function toPemBundle(value: unknown): Promise<string> {
  const file = await toPath(value);
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
  const blocks = [...pem.matchAll(BLOCK)].filter(([, kind]) =>
    /CERT(?!.*REQUEST)/.test(kind ?? ''),
  );
  if (blocks.length === 0) {
    throw new InvalidValue(`${file} does not hold a certificate in PEM form`);
  }
  // Only where a bundle is given: it takes 2 ms to be loaded.
  const { X509Certificate } = await import('node:crypto');
  const broken = blocks.findIndex(([block]) => {
    try {
      new X509Certificate(block);
      return false;
    } catch {
      return true;
    }
  });
  if (broken >= 0) {
    const line = pem.slice(0, blocks[broken]?.index).split('\n').length;
    throw new InvalidValue(
      `${file}: certificate ${broken + 1} of ${blocks.length}, which begins in line ${line}, cannot be read; correct it or take it out, because Node.js would leave out all behind it`,
    );
  }
  return file;
}
