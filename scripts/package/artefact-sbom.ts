import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { execa } from 'execa';
import { cyclonedx, type Sbom, sha256, type Tool } from '../build/sbom.ts';

/** The ending of the SBOM beside an artefact. */
export const sbomEnding = '.cdx.json';

/** Programs that determine the bytes of a package, with the words that print their versions. */
const PACKAGERS = {
  deb: ['dpkg-deb', 'xz'],
  rpm: ['rpmbuild', 'xz'],
  npm: ['npm'],
  generic: [],
} as const;

/** A kind of artefact, as package URLs name it. */
export type ArtefactKind = keyof typeof PACKAGERS;

/**
 * Writes the SBOM of a finished artefact to `<path>.cdx.json`. In addition to the SBOM inside the
 * artefact, it has the artefact's own checksum and package URL, the packaging tools, and the commit.
 */
export async function writeArtefactSbom(
  path: string,
  kind: ArtefactKind,
  name: string,
  inside: Sbom,
  build: Sbom,
): Promise<void> {
  const version = inside.subject.version;
  const outside: Sbom = {
    ...inside,
    subject: {
      ...inside.subject,
      name,
      hashes: [sha256(await readFile(path))],
      purl: `pkg:${kind}/${name}@${version}?file_name=${encodeURIComponent(basename(path))}`,
    },
    tools: [...build.tools, ...(await Promise.all(PACKAGERS[kind].map(tool)))],
    properties: build.properties,
  };
  await writeFile(`${path}${sbomEnding}`, cyclonedx(outside));
}

async function tool(name: string): Promise<Tool> {
  const { stdout } = await execa(name, ['--version'], { env: { LC_ALL: 'C' } });
  const version = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? 'unknown';
  return { type: 'application', name, version };
}
