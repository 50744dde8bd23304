import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The name of a directory's checksum file. The signature has the same name with the suffix `.asc`.
 */
export const checksumsFileName = 'SHA256SUMS';

/** Returns the SHA-256 of a file. */
export async function computeChecksum(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** Writes `SHA256SUMS` for the files of a directory, in the format of `sha256sum --check`. */
export async function writeChecksums(directory: string): Promise<void> {
  await writeFile(join(directory, checksumsFileName), await renderChecksums(directory));
}

/**
 * Compares `SHA256SUMS` with the files of its directory.
 * @throws Error when a file is missing, was added, or has different content
 */
export async function verifyChecksums(directory: string): Promise<void> {
  const expected = await readFile(join(directory, checksumsFileName), 'utf8');
  if (expected === (await renderChecksums(directory))) return;
  throw new Error(`The files in ${directory} do not match ${checksumsFileName}.`);
}

async function renderChecksums(directory: string): Promise<string> {
  const names = (await readdir(directory))
    .filter((name) => !name.startsWith(checksumsFileName))
    .sort();
  const lines = [];
  for (const name of names)
    lines.push(`${await computeChecksum(join(directory, name))}  ${name}\n`);
  return lines.join('');
}
