import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toPath } from './path.ts';
import { quotePath } from './quote-name.ts';
import { readRegularFile, UserFileError } from './read-regular-file.ts';

/** Some three times the size of all roots there are. */
const MAX_MIB = 1;

/** One thing in a bundle, up to its end or, when that is missing, to the next. */
const BLOCK = /-----BEGIN ([^-]+)-----[\s\S]*?(?:-----END [^-]+-----|(?=-----BEGIN )|$)/g;

/** The certificates of a PEM bundle, and the path that was given. */
export class PemBundle {
  readonly path: string;
  /** PEM blocks, and nothing between them that OpenSSL could stop at. */
  readonly certificates: string;

  constructor(path: string, certificates: string) {
    this.path = path;
    this.certificates = certificates;
  }
}

/** The path of a PEM bundle, which is read at once, so that what was checked is what is trusted. */
export function pemBundle(): Option<PemBundle | undefined> {
  return { type: 'path', read: toPemBundle };
}

/** Reads a file that holds at least one certificate, and none that is broken. */
async function toPemBundle(value: unknown): Promise<PemBundle> {
  const path = await toPath(value);
  const pem = readPem(path);
  const found = [...pem.matchAll(BLOCK)].filter(([, kind]) => /CERT(?!.*REQUEST)/.test(kind ?? ''));
  if (found.length === 0) {
    throw new InvalidValue(`${path} does not hold a certificate in PEM form`);
  }
  const blocks = found.map(([block]) => withoutIndentation(block));
  // Only where a bundle is given: it takes 2 ms to be loaded.
  const { X509Certificate } = await import('node:crypto');
  const broken = blocks.findIndex((block) => {
    try {
      new X509Certificate(block);
      return false;
    } catch {
      return true;
    }
  });
  if (broken >= 0) {
    const line = pem.slice(0, found[broken]?.index).split('\n').length;
    throw new InvalidValue(
      `${path}: certificate ${broken + 1} of ${blocks.length}, which begins in line ${line}, cannot be read; correct it or take it out`,
    );
  }
  return new PemBundle(path, blocks.join(''));
}

/** Comments may be in any encoding. */
function readPem(path: string): string {
  try {
    return readRegularFile(path, MAX_MIB).toString('latin1');
  } catch (error) {
    if (error instanceof UserFileError) throw unreadable(path, error);
    throw error;
  }
}

/** Returns a block without blanks around its lines. OpenSSL knows its begin and end at a line's start only. */
function withoutIndentation(block: string): string {
  return `${block.replaceAll(/^[ \t]+|[ \t\r]+$/gm, '')}\n`;
}

function unreadable(path: string, { message }: UserFileError): InvalidValue {
  return new InvalidValue(`${quotePath(path) ?? 'the given file'} ${message}`);
}
