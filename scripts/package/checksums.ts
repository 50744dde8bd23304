import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes `SHA256SUMS` for the files of a directory, in the format of `sha256sum --check`. */
export async function writeChecksums(directory: string): Promise<void> {
  const lines = [];
  for (const name of (await readdir(directory)).sort()) {
    const sum = createHash('sha256')
      .update(await readFile(join(directory, name)))
      .digest('hex');
    lines.push(`${sum}  ${name}\n`);
  }
  await writeFile(join(directory, 'SHA256SUMS'), lines.join(''));
}
