import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version as esbuildVersion, type Metafile } from 'esbuild';
import { type BuildVersion, sourceCommit } from './build-version.ts';
import { type BundledPackage, packagesIn } from './bundled-packages.ts';
import { projectDirectory } from './project-directory.ts';
import type { ProjectLinks } from './project-links.ts';
import { type Component, hashOf, type Sbom, sha256 } from './sbom.ts';

/** The `bom-ref` of the subject, in every SBOM. */
export const subjectReference = 'subject';

/**
 * Lists what a build put into its executables, by esbuild's own record: which executable contains
 * parts of which npm package. Also says from which commit and with which tools they were built.
 */
export async function modulesSbom(
  { version, time }: BuildVersion,
  bundles: readonly { name: string; text: string; metafile: Metafile }[],
  packages: readonly BundledPackage[],
  links?: ProjectLinks,
): Promise<Sbom> {
  const executables = bundles.map(({ name, text }) => executable(name, version, text));
  const commit = await sourceCommit();
  const lock = await readFile(join(projectDirectory, 'package-lock.json'));
  return {
    subject: {
      type: 'application',
      'bom-ref': subjectReference,
      name: 'jumpcloud-system-context',
      version,
      licenses: [{ license: { id: 'MIT' } }],
      ...(links && { externalReferences: [{ type: 'vcs', url: links.repository }] }),
    },
    time,
    components: [...executables, ...packages.map(library)],
    contents: {
      [subjectReference]: executables.map((component) => component['bom-ref']),
      ...Object.fromEntries(
        bundles.map(({ name, metafile }) => [
          name,
          packages.filter((one) => packagesIn(metafile).includes(one.name)).map(packageUrl),
        ]),
      ),
    },
    tools: [
      { type: 'application', name: 'node', version: process.versions.node },
      { type: 'application', name: 'esbuild', version: esbuildVersion },
    ],
    properties: {
      ...(commit !== undefined && { commit }),
      'package-lock.json-sha256': sha256(lock).content,
    },
  };
}

function executable(name: string, version: string, text: string): Component {
  return {
    type: 'application',
    'bom-ref': name,
    name,
    version,
    hashes: [sha256(text)],
    licenses: [{ license: { id: 'MIT' } }],
  };
}

function library(one: BundledPackage): Component {
  return {
    type: 'library',
    'bom-ref': packageUrl(one),
    name: one.name,
    version: one.version,
    hashes: [hashOf(one.integrity)],
    licenses: [{ license: { id: one.license } }],
    purl: packageUrl(one),
    pedigree: {
      notes:
        'The executables contain a part of this package. The hash is that of the whole package.',
    },
  };
}

function packageUrl({ name, version }: BundledPackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
