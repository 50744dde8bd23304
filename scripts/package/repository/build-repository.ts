import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checksum } from '../checksums.ts';
import { modulesPackageName } from '../modules-package.ts';
import type { Signer } from '../signer.ts';
import type { Verifier } from '../verifier.ts';
import { buildAptRepository, verifyAptRepository } from './apt-repository.ts';
import { buildDnfRepository, verifyDnfRepository } from './dnf-repository.ts';

/** The public key's file name, in a release and in a repository. */
export const publicKeyFile = `${modulesPackageName}.asc`;

/**
 * Makes static repositories for apt and dnf of the packages in the directories of releases. `url` is
 * the address at which the directory will be published, `time` that of the newest release. The
 * directory replaces an earlier one once everything is done. The same packages, time and key give the
 * same bytes.
 * @throws Error when two releases have different packages of one name
 */
export async function buildRepository(
  directory: string,
  releases: readonly string[],
  url: string,
  time: number,
  signer: Signer,
): Promise<void> {
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await writeFile(join(unfinished, publicKeyFile), signer.publicKey);
  const debs = await packagesOf(releases, '.deb');
  await buildAptRepository(join(unfinished, 'apt'), debs, `${url}/apt`, time, signer);
  const rpms = await packagesOf(releases, '.rpm');
  const addresses = { url: `${url}/dnf`, key: `${url}/${publicKeyFile}` };
  await buildDnfRepository(join(unfinished, 'dnf'), rpms, addresses, time, signer);
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
}

/**
 * Verifies all signatures and checksums of both repositories.
 * @throws Error at the first difference
 */
export async function verifyRepository(directory: string, verifier: Verifier): Promise<void> {
  await verifyAptRepository(join(directory, 'apt'), verifier);
  await verifyDnfRepository(join(directory, 'dnf'), verifier);
}

/** Returns the packages of all releases, each name once, sorted by name. */
async function packagesOf(releases: readonly string[], end: string): Promise<string[]> {
  const found = new Map<string, string>();
  for (const release of releases) {
    for (const name of (await readdir(release)).filter((file) => file.endsWith(end))) {
      const path = join(release, name);
      const other = found.get(name);
      if (other !== undefined && (await checksum(other)) !== (await checksum(path))) {
        throw new Error(
          `${other} and ${path} differ. Raise packageRevision in package-version.ts.`,
        );
      }
      found.set(name, path);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}
