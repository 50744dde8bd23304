import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toPath } from './path.ts';
import { readRegularFile, UserFileError } from './read-regular-file.ts';
import { pathForMessage } from './text-for-messages.ts';

/**
 * The maximum size of a bundle, in MiB. All public root certificates together take about 0.3 MiB.
 */
const MAX_PEM_MIB = 1;

/** Matches a PEM block. Without an END line, the block ends where the next block begins. */
const PEM_BLOCK = /-----BEGIN ([^-]+)-----[\s\S]*?(?:-----END [^-]+-----|(?=-----BEGIN )|$)/g;

/** The certificates of a PEM bundle, and its path. */
export class PemBundle {
  readonly path: string;
  /** The PEM blocks without the text between them, because such text can stop OpenSSL. */
  readonly certificates: string;

  constructor(path: string, certificates: string) {
    this.path = path;
    this.certificates = certificates;
  }
}

/**
 * Defines an option that takes the path of a PEM bundle. Keeps the certificates that it has
 * checked, so that a later change of the file has no effect on the run.
 */
export function pemBundle(): Option<PemBundle | undefined> {
  return { type: 'path', read: toPemBundle };
}

/** Reads a PEM file. Rejects a file without a certificate, or with a broken certificate. */
async function toPemBundle(value: unknown): Promise<PemBundle> {
  const path = await toPath(value);
  const pem = readPem(path);
  const matches = [...pem.matchAll(PEM_BLOCK)].filter(([, kind]) =>
    /CERT(?!.*REQUEST)/.test(kind ?? ''),
  );
  if (matches.length === 0) {
    throw new InvalidValue(`${path} does not hold a certificate in PEM form`);
  }
  const blocks = matches.map(([block]) => removeIndentation(block));
  // Imported on demand, because loading takes 2 ms.
  const { X509Certificate } = await import('node:crypto');
  const brokenIndex = blocks.findIndex((block) => {
    try {
      new X509Certificate(block);
      return false;
    } catch {
      return true;
    }
  });
  if (brokenIndex >= 0) {
    const line = pem.slice(0, matches[brokenIndex]?.index).split('\n').length;
    throw new InvalidValue(
      `${path}: certificate ${brokenIndex + 1} of ${blocks.length}, which begins in line ${line}, cannot be read; correct it or remove it`,
    );
  }
  return new PemBundle(path, blocks.join(''));
}

/** Reads the file as Latin-1, because its comments may be in any encoding. */
function readPem(path: string): string {
  try {
    return readRegularFile(path, MAX_PEM_MIB).toString('latin1');
  } catch (error) {
    if (error instanceof UserFileError) throw bundleError(path, error);
    throw error;
  }
}

/** Trims each line of a block, because OpenSSL finds BEGIN and END only at the start of a line. */
function removeIndentation(block: string): string {
  return block
    .split('\n')
    .map((line) => `${line.trim()}\n`)
    .join('');
}

function bundleError(path: string, { message }: UserFileError): InvalidValue {
  return new InvalidValue(`${pathForMessage(path) ?? 'the given file'} ${message}`);
}
