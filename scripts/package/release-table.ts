import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sbomSuffix } from './artefact-sbom.ts';
import { computeChecksum } from './checksums.ts';

/**
 * Returns a table of the files of a release: size, start of the checksum, signature, and number of
 * components in the SBOM.
 */
export async function releaseTable(directory: string): Promise<string> {
  const names = (await readdir(directory)).sort();
  const rows = [['file', 'bytes', 'sha256', 'signed by', 'components']];
  for (const name of names.filter((file) => !file.endsWith(sbomSuffix))) {
    const path = join(directory, name);
    const sbom = `${name}${sbomSuffix}`;
    rows.push([
      name,
      String((await stat(path)).size),
      (await computeChecksum(path)).slice(0, 16),
      name.startsWith('SHA256SUMS') ? 'SHA256SUMS.asc' : describeSignature(name),
      names.includes(sbom) ? await countComponents(join(directory, sbom)) : '',
    ]);
  }
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function describeSignature(name: string): string {
  return name.endsWith('.rpm') ? 'itself, SHA256SUMS' : 'SHA256SUMS';
}

async function countComponents(sbom: string): Promise<string> {
  return String(JSON.parse(await readFile(sbom, 'utf8')).components.length);
}
