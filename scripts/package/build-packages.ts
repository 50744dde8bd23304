import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { BuildResult } from '../build/build-all.ts';
import type { ProjectLinks } from '../build/project-links.ts';
import { buildDeb, debFileName } from './build-deb.ts';
import { buildNpm } from './build-npm.ts';
import { buildRpm, rpmFileName } from './build-rpm.ts';
import { writeChecksums } from './checksums.ts';
import { modulesPackage } from './modules-package.ts';
import type { PackageDescription } from './package-description.ts';
import { placeholderMaintainer } from './publisher.ts';
import { fetchRuntime, type NodeArchitecture, pinnedNode } from './runtime.ts';
import { runtimePackage } from './runtime-package.ts';

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
}

/**
 * Makes all packages of the build in `from`, a copy of the collection and `SHA256SUMS`. The directory
 * replaces that of an earlier build once everything is done.
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
  }: PackagingOptions,
): Promise<string[]> {
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const publisher = { maintainer, homepage: links?.homepage };
  const packages = [
    await modulesPackage(from, built, publisher),
    ...(runtime ? await runtimePackages(publisher) : []),
  ];
  const notMade = [
    ...(await pack('dpkg-deb', packages, debFileName, (one) => buildDeb(unfinished, one, level))),
    ...(await pack('rpmbuild', packages, rpmFileName, (one) => buildRpm(unfinished, one, level))),
  ];
  await buildNpm(unfinished, from, built, links);
  await copyFile(built.collection, join(unfinished, basename(built.collection)));
  for (const [name, text] of Object.entries(texts)) {
    await writeFile(join(unfinished, name), text);
  }
  await writeChecksums(unfinished);
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
  return notMade;
}

async function runtimePackages(
  publisher: Parameters<typeof runtimePackage>[3],
): Promise<PackageDescription[]> {
  const pinned = await pinnedNode();
  const architectures: NodeArchitecture[] = ['x64', 'arm64'];
  return Promise.all(
    architectures.map(async (architecture) =>
      runtimePackage(architecture, pinned, await fetchRuntime(architecture, pinned), publisher),
    ),
  );
}

/** Packs one after another, as xz uses all processors. Returns the packages that were not made. */
async function pack(
  tool: string,
  packages: readonly PackageDescription[],
  fileName: (one: PackageDescription) => string,
  build: (one: PackageDescription) => Promise<string>,
): Promise<string[]> {
  const { failed } = await execa(tool, ['--version'], { reject: false });
  if (failed) return packages.map(fileName);
  for (const one of packages) await build(one);
  return [];
}
