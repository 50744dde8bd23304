import { rm } from 'node:fs/promises';
import { buildAll } from '../build/build-all.ts';
import { buildPackages, type PackagingOptions } from './build-packages.ts';
import type { Release } from './read-release.ts';
import { releaseNotes } from './release-notes.ts';
import { buildRepository, publicKeyFile, verifyRepository } from './repository/build-repository.ts';
import type { Signer } from './signer.ts';
import { Verifier } from './verifier.ts';
import { verifyRelease } from './verify-release.ts';

/** The directories that a release is made in. */
export interface ReleaseDirectories {
  /** The build. */
  readonly dist: string;
  /** The release's files. */
  readonly release: string;
  /** The repositories for apt and dnf. */
  readonly repository: string;
}

/**
 * Builds and signs a release: its packages, SBOMs, checksums and notes, and repositories for apt and
 * dnf with its packages and those of earlier releases. Then verifies everything with the public key.
 * @throws Error when a tool is missing, or a signature or checksum is wrong
 */
export async function makeRelease(
  directories: ReleaseDirectories,
  release: Release,
  signer: Signer,
  options: Pick<PackagingOptions, 'level' | 'runtime'> = {},
): Promise<void> {
  const { dist, repository } = directories;
  const { links, settings, earlier, time } = release;
  const verifier = await Verifier.open(signer.publicKey);
  try {
    for (const directory of earlier) await verifyRelease(directory, verifier);
    const notMade = await buildPackages(directories.release, dist, await buildAll(dist, release), {
      ...options,
      links,
      maintainer: settings.maintainer,
      signer,
      texts: {
        'RELEASE-NOTES.md': releaseNotes(release, signer.fingerprint),
        [publicKeyFile]: signer.publicKey,
      },
    });
    if (notMade.length > 0) {
      await rm(directories.release, { recursive: true });
      throw new Error(
        `No release is made, because the packaging tool for ${notMade.join(', ')} is not installed.`,
      );
    }
    const releases = [...earlier, directories.release];
    await buildRepository(repository, releases, settings.packages, time, signer);
    await verifyRelease(directories.release, verifier);
    await verifyRepository(repository, verifier);
  } finally {
    await verifier.close();
  }
}
