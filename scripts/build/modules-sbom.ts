import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version as esbuildVersion, type Metafile } from 'esbuild';
import { type BuildVersion, readSourceCommit } from './build-version.ts';
import { type BundledPackage, packageNames } from './bundled-packages.ts';
import { projectDirectory } from './project-directory.ts';
import type { Publisher } from './publisher.ts';
import { type Component, convertIntegrity, type Sbom, sha256Checksum } from './sbom.ts';

/** The `bom-ref` of the subject in every SBOM. */
export const subjectReference = 'subject';

/**
 * Returns the SBOM of a build: the executables, the npm packages in each executable, the commit and
 * the build tools.
 */
export async function modulesSbom(
  { version, time }: BuildVersion,
  bundles: readonly { name: string; text: string; metafile: Metafile }[],
  packages: readonly BundledPackage[],
  publisher?: Publisher,
): Promise<Sbom> {
  const executables = bundles.map(({ name, text }) => describeExecutable(name, version, text));
  const commit = await readSourceCommit();
  const lock = await readFile(join(projectDirectory, 'package-lock.json'));
  return {
    subject: {
      type: 'application',
      'bom-ref': subjectReference,
      name: 'jumpcloud-system-context',
      version,
      licenses: [{ license: { id: 'MIT' } }],
      ...(publisher && { externalReferences: [{ type: 'vcs', url: publisher.repository }] }),
    },
    time,
    components: [...executables, ...packages.map(describePackage)],
    contents: {
      [subjectReference]: executables.map((component) => component['bom-ref']),
      ...Object.fromEntries(
        bundles.map(({ name, metafile }) => [
          name,
          packages
            .filter((npmPackage) => packageNames(metafile).includes(npmPackage.name))
            .map(packageUrl),
        ]),
      ),
    },
    tools: [
      { type: 'application', name: 'node', version: process.versions.node },
      { type: 'application', name: 'esbuild', version: esbuildVersion },
    ],
    properties: {
      ...(commit !== undefined && { commit }),
      'package-lock.json-sha256': sha256Checksum(lock).content,
    },
  };
}

function describeExecutable(name: string, version: string, text: string): Component {
  return {
    type: 'application',
    'bom-ref': name,
    name,
    version,
    hashes: [sha256Checksum(text)],
    licenses: [{ license: { id: 'MIT' } }],
  };
}

function describePackage(npmPackage: BundledPackage): Component {
  return {
    type: 'library',
    'bom-ref': packageUrl(npmPackage),
    name: npmPackage.name,
    version: npmPackage.version,
    hashes: [convertIntegrity(npmPackage.integrity)],
    licenses: [{ license: { id: npmPackage.license } }],
    purl: packageUrl(npmPackage),
    pedigree: {
      notes:
        'The executables contain a part of this package. The hash is that of the whole package.',
    },
  };
}

function packageUrl({ name, version }: BundledPackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
