import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { BuildResult } from '../build/build-all.ts';
import { collectionName } from '../build/collection-name.ts';
import type { Publisher } from '../build/publisher.ts';
import type { Sbom } from '../build/sbom.ts';
import { type ArtefactKind, writeArtefactSbom } from './artefact-sbom.ts';
import { buildDeb, debFileName } from './build-deb.ts';
import { buildNpm } from './build-npm.ts';
import { buildRpm, rpmFileName } from './build-rpm.ts';
import { checksumsFileName, writeChecksums } from './checksums.ts';
import { modulesPackage, modulesPackageName } from './modules-package.ts';
import { type PackageContact, packageContact } from './package-contact.ts';
import type { PackageDescription } from './package-description.ts';
import { fetchRuntime, type NodeArchitecture, readPinnedNode } from './runtime.ts';
import { runtimePackage, runtimePackageName } from './runtime-package.ts';
import { runtimeSbom } from './runtime-sbom.ts';
import type { Signer } from './signer.ts';

/** The options of `buildPackages`. */
export interface PackagingOptions {
  /** The maintainer and the web addresses in the packages of a release. */
  readonly publisher?: Publisher;
  /** Further text files beside the packages, by name. SHA256SUMS includes them. */
  readonly texts?: Readonly<Record<string, string>>;
  /** The compression level of xz, 0 to 9. */
  readonly level?: number;
  /** Whether to make the packages that contain Node.js. The default is true. */
  readonly includesRuntime?: boolean;
  /** Signs the rpms and SHA256SUMS. */
  readonly signer?: Signer;
}

/** A package to make, with its SBOM. */
interface PackageJob {
  readonly description: PackageDescription;
  readonly sbom: Sbom;
}

/**
 * Makes all packages of a build, a copy of the collection, an SBOM for each file, and `SHA256SUMS`.
 * The build is in `buildDirectory`. Replaces an existing `directory` only after everything has
 * succeeded.
 * @returns the names of the packages that were skipped, because their tool is not installed
 */
export async function buildPackages(
  directory: string,
  buildDirectory: string,
  built: BuildResult,
  { publisher, texts = {}, level, includesRuntime = true, signer }: PackagingOptions,
): Promise<string[]> {
  const temporaryDirectory = `${directory}.unfinished`;
  await rm(temporaryDirectory, { recursive: true, force: true });
  await mkdir(temporaryDirectory, { recursive: true });
  const contact = packageContact(publisher);
  const jobs: PackageJob[] = [
    { description: await modulesPackage(buildDirectory, built, contact), sbom: built.sbom },
    ...(includesRuntime ? await makeRuntimeJobs(contact) : []),
  ];
  const addSbom = (path: string, kind: ArtefactKind, name: string, sbom: Sbom) =>
    writeArtefactSbom(path, kind, name, sbom, built.sbom);
  const skippedFiles = [
    ...(await runPackager('dpkg-deb', jobs, debFileName, async ({ description, sbom }) => {
      const path = await buildDeb(temporaryDirectory, description, level);
      await addSbom(path, 'deb', description.name, sbom);
    })),
    ...(await runPackager('rpmbuild', jobs, rpmFileName, async ({ description, sbom }) => {
      const path = await buildRpm(temporaryDirectory, description, level);
      await signer?.signRpm(path);
      await addSbom(path, 'rpm', description.name, sbom);
    })),
  ];
  const npm = await buildNpm(temporaryDirectory, buildDirectory, built, publisher);
  await addSbom(npm, 'npm', modulesPackageName, built.sbom);
  const collection = join(temporaryDirectory, basename(built.collection));
  await copyFile(built.collection, collection);
  const { namespace, name } = collectionName;
  await addSbom(collection, 'generic', `${namespace}.${name}`, built.sbom);
  for (const [file, text] of Object.entries(texts))
    await writeFile(join(temporaryDirectory, file), text);
  await writeChecksums(temporaryDirectory);
  await signer?.sign(join(temporaryDirectory, checksumsFileName), built.time);
  await rm(directory, { recursive: true, force: true });
  await rename(temporaryDirectory, directory);
  return skippedFiles;
}

async function makeRuntimeJobs(contact: PackageContact): Promise<PackageJob[]> {
  const pinned = await readPinnedNode();
  const architectures: NodeArchitecture[] = ['x64', 'arm64'];
  return Promise.all(
    architectures.map(async (architecture) => {
      const runtime = await fetchRuntime(architecture, pinned);
      return {
        description: await runtimePackage(architecture, pinned, runtime, contact),
        sbom: runtimeSbom(runtimePackageName, architecture, pinned, runtime),
      };
    }),
  );
}

/**
 * Makes packages in sequence, because xz uses all processors. Returns the names of skipped
 * packages.
 */
async function runPackager(
  tool: string,
  jobs: readonly PackageJob[],
  fileName: (description: PackageDescription) => string,
  build: (job: PackageJob) => Promise<void>,
): Promise<string[]> {
  const { failed } = await execa(tool, ['--version'], { reject: false });
  if (failed) return jobs.map(({ description }) => fileName(description));
  for (const job of jobs) await build(job);
  return [];
}
