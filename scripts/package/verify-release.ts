import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checksumsFileName, verifyChecksums } from './checksums.ts';
import type { Verifier } from './verifier.ts';

/**
 * Verifies the files of a release: the signature of SHA256SUMS, the checksums in it, and the
 * signatures of the rpms.
 * @throws Error at the first wrong signature or checksum
 */
export async function verifyRelease(directory: string, verifier: Verifier): Promise<void> {
  const sums = join(directory, checksumsFileName);
  await verifier.verify(`${sums}.asc`, sums);
  await verifyChecksums(directory);
  const rpms = (await readdir(directory)).filter((name) => name.endsWith('.rpm'));
  for (const rpm of rpms) await verifier.verifyRpm(join(directory, rpm));
}
