import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toPath } from './path.ts';
import { quotePath } from './quote-name.ts';
import { readRegularFile, UserFileError } from './read-regular-file.ts';

/** About three times the size of a bundle of all public root certificates. */
const MAX_MIB = 1;

/** One PEM block, up to its END line or, when that is missing, up to the next block. */
const BLOCK = /-----BEGIN ([^-]+)-----[\s\S]*?(?:-----END [^-]+-----|(?=-----BEGIN )|$)/g;

/** The certificates of a PEM bundle, and its path. */
export class PemBundle {
  readonly path: string;
  /** PEM blocks without the text between them, at which OpenSSL could stop reading. */
  readonly certificates: string;

  constructor(path: string, certificates: string) {
    this.path = path;
    this.certificates = certificates;
  }
}

/**
 * Defines an option that takes the path of a PEM bundle. The file is read once, so that only
 * checked certificates are trusted.
 */
export function pemBundle(): Option<PemBundle | undefined> {
  return { type: 'path', read: toPemBundle };
}

/** Reads a file with at least one certificate, none of which may be broken. */
async function toPemBundle(value: unknown): Promise<PemBundle> {
  const path = await toPath(value);
  const pem = readPem(path);
  const matches = [...pem.matchAll(BLOCK)].filter(([, kind]) =>
    /CERT(?!.*REQUEST)/.test(kind ?? ''),
  );
  if (matches.length === 0) {
    throw new InvalidValue(`${path} does not hold a certificate in PEM form`);
  }
  const blocks = matches.map(([block]) => withoutIndentation(block));
  // Imported here because loading it takes 2 ms.
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
    const line = pem.slice(0, matches[broken]?.index).split('\n').length;
    throw new InvalidValue(
      `${path}: certificate ${broken + 1} of ${blocks.length}, which begins in line ${line}, cannot be read; correct it or remove it`,
    );
  }
  return new PemBundle(path, blocks.join(''));
}

/** Reads the file as Latin-1, because its comments may be in any encoding. */
function readPem(path: string): string {
  try {
    return readRegularFile(path, MAX_MIB).toString('latin1');
  } catch (error) {
    if (error instanceof UserFileError) throw bundleError(path, error);
    throw error;
  }
}

/** Trims each line of a block: OpenSSL finds BEGIN and END only at the start of a line. */
function withoutIndentation(block: string): string {
  return block
    .split('\n')
    .map((line) => `${line.trim()}\n`)
    .join('');
}

function bundleError(path: string, { message }: UserFileError): InvalidValue {
  return new InvalidValue(`${quotePath(path) ?? 'the given file'} ${message}`);
}
