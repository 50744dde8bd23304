import { rm } from 'node:fs/promises';
import { buildAll } from '../build/build-all.ts';
import { buildPackages, type PackagingOptions } from './build-packages.ts';
import type { Release } from './read-release.ts';
import { releaseNotes } from './release-notes.ts';
import {
  buildRepository,
  publicKeyFileName,
  verifyRepository,
} from './repository/build-repository.ts';
import type { Signer } from './signer.ts';
import { Verifier } from './verifier.ts';
import { verifyRelease } from './verify-release.ts';

/** The output directories of a release. */
export interface ReleaseDirectories {
  /** The directory of the build. */
  readonly dist: string;
  /** The directory of the files of the release. */
  readonly release: string;
  /** The directory of the repositories for apt and dnf. */
  readonly repository: string;
}

/**
 * Builds and signs a release: packages, SBOMs, checksums, release notes, and repositories for apt
 * and dnf. The repositories also contain the packages of earlier releases. Verifies everything with
 * the public key.
 * @throws Error when a tool is missing, or a signature or checksum is wrong
 */
export async function makeRelease(
  directories: ReleaseDirectories,
  release: Release,
  signer: Signer,
  options: Pick<PackagingOptions, 'level' | 'includesRuntime'> = {},
): Promise<void> {
  const { dist, repository } = directories;
  const { publisher, earlier, time } = release;
  const verifier = await Verifier.open(signer.publicKey);
  try {
    for (const directory of earlier) await verifyRelease(directory, verifier);
    const skippedFiles = await buildPackages(
      directories.release,
      dist,
      await buildAll(dist, release),
      {
        ...options,
        publisher,
        signer,
        texts: {
          'RELEASE-NOTES.md': releaseNotes(release, signer),
          [publicKeyFileName]: signer.publicKey,
        },
      },
    );
    if (skippedFiles.length > 0) {
      await rm(directories.release, { recursive: true });
      throw new Error(
        `No release is made, because the packaging tool for ${skippedFiles.join(', ')} is not installed.`,
      );
    }
    const releases = [...earlier, directories.release];
    await buildRepository(repository, releases, time, signer);
    await verifyRelease(directories.release, verifier);
    await verifyRepository(repository, verifier);
  } finally {
    await verifier.close();
  }
}
