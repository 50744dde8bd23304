import { rm } from 'node:fs/promises';
import { buildAll } from '../build/build-all.ts';
import { buildPackages, type PackagingOptions } from './build-packages.ts';
import type { Release } from './read-release.ts';

/**
 * Builds a release in `dist` and puts its files into a directory: packages, collection, checksums
 * and release notes.
 * @throws Error when this machine lacks a tool for one of the packages
 */
export async function makeRelease(
  directory: string,
  dist: string,
  release: Release,
  options: Pick<PackagingOptions, 'level' | 'runtime'> = {},
): Promise<void> {
  const { version, links, maintainer, changes } = release;
  const notMade = await buildPackages(directory, dist, await buildAll(dist, release), {
    ...options,
    links,
    ...(maintainer && { maintainer }),
    texts: { 'RELEASE-NOTES.md': `# jumpcloud-system-context ${version}\n\n${changes}\n` },
  });
  if (notMade.length > 0) {
    await rm(directory, { recursive: true });
    throw new Error(
      `No release is made, because the packaging tool for ${notMade.join(', ')} is not installed.`,
    );
  }
}
