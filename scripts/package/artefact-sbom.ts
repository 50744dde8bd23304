import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { execa } from 'execa';
import { renderCycloneDx, type Sbom, sha256Checksum, type Tool } from '../build/sbom.ts';

/** The suffix of the SBOM beside an artefact. */
export const sbomSuffix = '.cdx.json';

/** The programs that determine the bytes of each kind of artefact. */
const PACKAGERS = {
  deb: ['dpkg-deb', 'xz'],
  rpm: ['rpmbuild', 'xz'],
  npm: ['npm'],
  generic: [],
} as const;

/** A kind of artefact, as package URLs name it. */
export type ArtefactKind = keyof typeof PACKAGERS;

/**
 * Writes the SBOM of a finished artefact to `<path>.cdx.json`. This file contains the data of the
 * SBOM inside the artefact, and adds the artefact's checksum and package URL, the packaging tools,
 * and the commit.
 */
export async function writeArtefactSbom(
  path: string,
  kind: ArtefactKind,
  name: string,
  packedSbom: Sbom,
  build: Sbom,
): Promise<void> {
  const version = packedSbom.subject.version;
  const artefactSbom: Sbom = {
    ...packedSbom,
    subject: {
      ...packedSbom.subject,
      name,
      hashes: [sha256Checksum(await readFile(path))],
      purl: `pkg:${kind}/${name}@${version}?file_name=${encodeURIComponent(basename(path))}`,
    },
    tools: [...build.tools, ...(await Promise.all(PACKAGERS[kind].map(describeTool)))],
    properties: build.properties,
  };
  await writeFile(`${path}${sbomSuffix}`, renderCycloneDx(artefactSbom));
}

async function describeTool(name: string): Promise<Tool> {
  const { stdout } = await execa(name, ['--version'], { env: { LC_ALL: 'C' } });
  const version = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown';
  return { type: 'application', name, version };
}
