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
import { nobodyInParticular } from './publisher.ts';
import { fetchRuntime, type NodeArchitecture, pinnedNode } from './runtime.ts';
import { runtimePackage } from './runtime-package.ts';

/** How packages are made, where it is not always the same. */
export interface PackagingOptions {
  /** A release's links. */
  readonly links?: ProjectLinks;
  /** Name and address, as package managers show them. */
  readonly maintainer?: string;
  /** Files to lie beside the packages, with the same checksums: texts by name. */
  readonly texts?: Readonly<Record<string, string>>;
  /** How hard xz is to try, 0 to 9. */
  readonly level?: number;
  /** False leaves out the packages with Node.js. */
  readonly runtime?: boolean;
}

/**
 * Makes every package of a build in `from`, the collection beside them and `SHA256SUMS`, in a folder
 * that replaces the one of an earlier build when all is done.
 * @returns the packages that this machine has no tool for
 */
export async function buildPackages(
  directory: string,
  from: string,
  built: BuildResult,
  { links, maintainer = nobodyInParticular, texts = {}, level, runtime = true }: PackagingOptions,
): Promise<string[]> {
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const publisher = { maintainer, homepage: links?.homepage };
  const described = [
    await modulesPackage(from, built, publisher),
    ...(runtime ? await runtimePackages(publisher) : []),
  ];
  const leftOut = [
    ...(await pack('dpkg-deb', described, debFileName, (one) => buildDeb(unfinished, one, level))),
    ...(await pack('rpmbuild', described, rpmFileName, (one) => buildRpm(unfinished, one, level))),
  ];
  await buildNpm(unfinished, from, built, links);
  await copyFile(built.collection, join(unfinished, basename(built.collection)));
  for (const [name, text] of Object.entries(texts)) {
    await writeFile(join(unfinished, name), text);
  }
  await writeChecksums(unfinished);
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
  return leftOut;
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

/** One after another: xz takes every processor for itself. Gives what could not be packed. */
async function pack(
  tool: string,
  described: readonly PackageDescription[],
  fileName: (one: PackageDescription) => string,
  build: (one: PackageDescription) => Promise<string>,
): Promise<string[]> {
  const { failed } = await execa(tool, ['--version'], { reject: false });
  if (failed) return described.map(fileName);
  for (const one of described) await build(one);
  return [];
}
