import { rm } from 'node:fs/promises';
import { buildAll } from '../build/build-all.ts';
import { buildPackages, type PackagingOptions } from './build-packages.ts';
import type { Release } from './read-release.ts';

/**
 * Builds a release in `dist` and puts all that it has into a folder: packages, collection,
 * checksums, and notes about what changed.
 * @throws Error when this machine cannot make all of it
 */
export async function makeRelease(
  directory: string,
  dist: string,
  release: Release,
  options: Pick<PackagingOptions, 'level' | 'runtime'> = {},
): Promise<void> {
  const { version, links, maintainer, changes } = release;
  const leftOut = await buildPackages(directory, dist, await buildAll(dist, release), {
    ...options,
    links,
    ...(maintainer && { maintainer }),
    texts: { 'RELEASE-NOTES.md': `# jumpcloud-system-context ${version}\n\n${changes}\n` },
  });
  if (leftOut.length > 0) {
    await rm(directory, { recursive: true });
    throw new Error(`No release is made: no tool to make ${leftOut.join(', ')} with.`);
  }
}
