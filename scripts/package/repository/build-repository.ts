import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { computeChecksum } from '../checksums.ts';
import { modulesPackageName } from '../modules-package.ts';
import type { Signer } from '../signer.ts';
import type { Verifier } from '../verifier.ts';
import { buildAptRepository, verifyAptRepository } from './apt-repository.ts';
import { buildDnfRepository, verifyDnfRepository } from './dnf-repository.ts';

/** The file name of the public key in releases and repositories. */
export const publicKeyFileName = `${modulesPackageName}.asc`;

/**
 * Builds static repositories for apt and dnf from the packages of releases. The repositories can be
 * published at any address. `time` is the time of the newest release. Replaces an existing
 * `directory` only after everything has succeeded. Equal packages, time and key give equal bytes.
 * @throws Error when two releases contain different packages with the same name
 */
export async function buildRepository(
  directory: string,
  releases: readonly string[],
  time: number,
  signer: Signer,
): Promise<void> {
  const temporaryDirectory = `${directory}.unfinished`;
  await rm(temporaryDirectory, { recursive: true, force: true });
  await mkdir(temporaryDirectory, { recursive: true });
  await writeFile(join(temporaryDirectory, publicKeyFileName), signer.publicKey);
  const debs = await collectPackages(releases, '.deb');
  await buildAptRepository(join(temporaryDirectory, 'apt'), debs, time, signer);
  const rpms = await collectPackages(releases, '.rpm');
  await buildDnfRepository(join(temporaryDirectory, 'dnf'), rpms, time, signer);
  await rm(directory, { recursive: true, force: true });
  await rename(temporaryDirectory, directory);
}

/**
 * Verifies all signatures and checksums of both repositories.
 * @throws Error at the first wrong signature or checksum
 */
export async function verifyRepository(directory: string, verifier: Verifier): Promise<void> {
  await verifyAptRepository(join(directory, 'apt'), verifier);
  await verifyDnfRepository(join(directory, 'dnf'), verifier);
}

/** Returns the packages of all releases, each name once, sorted by name. */
async function collectPackages(releases: readonly string[], suffix: string): Promise<string[]> {
  const found = new Map<string, string>();
  for (const release of releases) {
    for (const name of (await readdir(release)).filter((file) => file.endsWith(suffix))) {
      const path = join(release, name);
      const other = found.get(name);
      if (other !== undefined && (await computeChecksum(other)) !== (await computeChecksum(path))) {
        throw new Error(
          `${other} and ${path} differ. Raise packageRevision in package-version.ts.`,
        );
      }
      found.set(name, path);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}
