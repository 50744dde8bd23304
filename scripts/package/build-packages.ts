import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { BuildResult } from '../build/build-all.ts';
import { collectionName } from '../build/collection-name.ts';
import type { ProjectLinks } from '../build/project-links.ts';
import type { Sbom } from '../build/sbom.ts';
import { type ArtefactKind, writeArtefactSbom } from './artefact-sbom.ts';
import { buildDeb, debFileName } from './build-deb.ts';
import { buildNpm } from './build-npm.ts';
import { buildRpm, rpmFileName } from './build-rpm.ts';
import { checksumsFile, writeChecksums } from './checksums.ts';
import { modulesPackage, modulesPackageName } from './modules-package.ts';
import type { PackageDescription } from './package-description.ts';
import { placeholderMaintainer } from './publisher.ts';
import { fetchRuntime, type NodeArchitecture, pinnedNode } from './runtime.ts';
import { runtimePackage, runtimePackageName } from './runtime-package.ts';
import { runtimeSbom } from './runtime-sbom.ts';
import type { Signer } from './signer.ts';

/** The options for making packages. */
export interface PackagingOptions {
  /** The links of a release. */
  readonly links?: ProjectLinks;
  /** Name and address, as package managers show them. */
  readonly maintainer?: string;
  /** More text files beside the packages, by name; SHA256SUMS includes them. */
  readonly texts?: Readonly<Record<string, string>>;
  /** The compression level of xz, 0 to 9. */
  readonly level?: number;
  /** Whether to make also the packages that contain Node.js; true by default. */
  readonly runtime?: boolean;
  /** Signs the rpms and SHA256SUMS. */
  readonly signer?: Signer;
}

/** A package to make, and the list of its content. */
interface Packing {
  readonly description: PackageDescription;
  readonly sbom: Sbom;
}

/**
 * Makes all packages of the build in `from`, a copy of the collection, an SBOM for each, and
 * `SHA256SUMS`. The directory replaces that of an earlier build once everything is done.
 * @returns the packages that were not made, because this machine lacks the tool
 */
export async function buildPackages(
  directory: string,
  from: string,
  built: BuildResult,
  {
    links,
    maintainer = placeholderMaintainer,
    texts = {},
    level,
    runtime = true,
    signer,
  }: PackagingOptions,
): Promise<string[]> {
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const publisher = { maintainer, homepage: links?.homepage };
  const packings: Packing[] = [
    { description: await modulesPackage(from, built, publisher), sbom: built.sbom },
    ...(runtime ? await runtimePackings(publisher) : []),
  ];
  const addSbom = (path: string, kind: ArtefactKind, name: string, sbom: Sbom) =>
    writeArtefactSbom(path, kind, name, sbom, built.sbom);
  const notMade = [
    ...(await pack('dpkg-deb', packings, debFileName, async ({ description, sbom }) => {
      const path = await buildDeb(unfinished, description, level);
      await addSbom(path, 'deb', description.name, sbom);
    })),
    ...(await pack('rpmbuild', packings, rpmFileName, async ({ description, sbom }) => {
      const path = await buildRpm(unfinished, description, level);
      await signer?.signRpm(path);
      await addSbom(path, 'rpm', description.name, sbom);
    })),
  ];
  const npm = await buildNpm(unfinished, from, built, links);
  await addSbom(npm, 'npm', modulesPackageName, built.sbom);
  const collection = join(unfinished, basename(built.collection));
  await copyFile(built.collection, collection);
  const { namespace, name } = collectionName;
  await addSbom(collection, 'generic', `${namespace}.${name}`, built.sbom);
  for (const [file, text] of Object.entries(texts)) await writeFile(join(unfinished, file), text);
  await writeChecksums(unfinished);
  await signer?.sign(join(unfinished, checksumsFile), built.time);
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
  return notMade;
}

async function runtimePackings(
  publisher: Parameters<typeof runtimePackage>[3],
): Promise<Packing[]> {
  const pinned = await pinnedNode();
  const architectures: NodeArchitecture[] = ['x64', 'arm64'];
  return Promise.all(
    architectures.map(async (architecture) => {
      const runtime = await fetchRuntime(architecture, pinned);
      return {
        description: await runtimePackage(architecture, pinned, runtime, publisher),
        sbom: runtimeSbom(runtimePackageName, architecture, pinned, runtime),
      };
    }),
  );
}

/** Packs one after another, as xz uses all processors. Returns the packages that were not made. */
async function pack(
  tool: string,
  packings: readonly Packing[],
  fileName: (one: PackageDescription) => string,
  build: (one: Packing) => Promise<void>,
): Promise<string[]> {
  const { failed } = await execa(tool, ['--version'], { reject: false });
  if (failed) return packings.map(({ description }) => fileName(description));
  for (const one of packings) await build(one);
  return [];
}
