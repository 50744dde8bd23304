import { copyFile, mkdir, readFile, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { computeChecksum } from '../checksums.ts';
import type { Signer } from '../signer.ts';
import type { Verifier } from '../verifier.ts';

/** Builds a dnf repository of signed rpms: `packages` and `repodata`. */
export async function buildDnfRepository(
  directory: string,
  rpms: readonly string[],
  time: number,
  signer: Signer,
): Promise<void> {
  await mkdir(join(directory, 'packages'), { recursive: true });
  for (const rpm of rpms) {
    const copy = join(directory, 'packages', basename(rpm));
    await copyFile(rpm, copy);
    // The index contains the modification time of each file, so this time must be reproducible.
    await utimes(copy, time, time);
  }
  const words = ['--quiet', '--no-database', '--general-compress-type', 'gz'];
  const revision = ['--revision', String(time), '--set-timestamp-to-revision'];
  await execa('createrepo_c', [...words, ...revision, directory], { env: { TZ: 'UTC' } });
  await signer.sign(join(directory, 'repodata/repomd.xml'), time);
}

/**
 * Verifies a repository as dnf does: the signature, then the indices, then the checksum and the
 * signature of each rpm in the indices.
 * @throws Error at the first wrong signature or checksum
 */
export async function verifyDnfRepository(directory: string, verifier: Verifier): Promise<void> {
  const path = join(directory, 'repodata/repomd.xml');
  await verifier.verify(`${path}.asc`, path);
  const repomd = await readFile(path, 'utf8');
  const indices = [
    ...repomd.matchAll(/<checksum type="sha256">(\w+)<[\s\S]*?<location href="(.+?)"/g),
  ];
  for (const [, sum, href = ''] of indices) await verifyChecksum(join(directory, href), sum);
  const primary = indices.map(([, , href = '']) => href).find((href) => href.includes('primary'));
  const index = gunzipSync(await readFile(join(directory, primary ?? ''))).toString('utf8');
  const packages = index.matchAll(
    /<checksum type="sha256" pkgid="YES">(\w+)<[\s\S]*?<location href="(.+?)"/g,
  );
  for (const [, sum, href = ''] of packages) {
    await verifyChecksum(join(directory, href), sum);
    await verifier.verifyRpm(join(directory, href));
  }
}

async function verifyChecksum(path: string, sum: string | undefined): Promise<void> {
  if ((await computeChecksum(path)) !== sum)
    throw new Error(`${path} differs from its checksum in the index.`);
}
