import { copyFile, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { computeChecksum } from '../checksums.ts';
import { modulesPackageName } from '../modules-package.ts';
import type { Signer } from '../signer.ts';
import type { Verifier } from '../verifier.ts';

/**
 * The processor architectures with an index. Each index also lists the packages with the
 * architecture `all`.
 */
const ARCHITECTURES = ['amd64', 'arm64'];

/** A package index. Its path is relative to `dists/stable`. */
interface PackageIndex {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** Builds an apt repository of debs: `pool` and `dists/stable`. */
export async function buildAptRepository(
  directory: string,
  debs: readonly string[],
  time: number,
  signer: Signer,
): Promise<void> {
  await mkdir(join(directory, 'pool'), { recursive: true });
  const stanzas: string[] = [];
  for (const deb of debs) {
    await copyFile(deb, join(directory, 'pool', basename(deb)));
    stanzas.push(await makeStanza(deb));
  }
  const indices = ARCHITECTURES.flatMap((architecture) => makeIndices(architecture, stanzas));
  const dist = join(directory, 'dists/stable');
  for (const { path, content } of indices) {
    await mkdir(join(dist, path, '..'), { recursive: true });
    await writeFile(join(dist, path), content);
  }
  const release = join(dist, 'Release');
  await writeFile(release, await makeReleaseFile(dist, indices, time));
  await signer.sign(release, time);

  // apt expects the detached signature under this name.
  await rename(`${release}.asc`, join(dist, 'Release.gpg'));
  await signer.clearSign(release, join(dist, 'InRelease'), time);
}

/**
 * Verifies a repository as apt does: the signatures, then the indices, then the debs that the
 * indices list.
 * @throws Error at the first wrong signature or checksum
 */
export async function verifyAptRepository(directory: string, verifier: Verifier): Promise<void> {
  const dist = join(directory, 'dists/stable');
  const release = join(dist, 'Release');
  await verifier.verify(join(dist, 'InRelease'));
  await verifier.verify(join(dist, 'Release.gpg'), release);
  const text = await readFile(release, 'utf8');
  if (!(await readFile(join(dist, 'InRelease'), 'utf8')).includes(`\n\n${text}`)) {
    throw new Error(`${dist}: InRelease and Release differ.`);
  }
  for (const [, sum = '', path = ''] of text.matchAll(/^ (\w{64}) +\d+ (.+)$/gm)) {
    await verifyChecksum(join(dist, path), sum);
  }
  for (const architecture of ARCHITECTURES) {
    const index = await readFile(join(dist, `main/binary-${architecture}/Packages`), 'utf8');
    for (const stanza of index.trim().split('\n\n')) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
      await verifyChecksum(join(directory, field('Filename')), field('SHA256'));
    }
  }
}

async function verifyChecksum(path: string, sum: string): Promise<void> {
  if ((await computeChecksum(path)) !== sum)
    throw new Error(`${path} differs from its checksum in the index.`);
}

async function makeStanza(deb: string): Promise<string> {
  const { stdout } = await execa('dpkg-deb', ['--field', deb]);
  const { size } = await stat(deb);
  const filename = `pool/${basename(deb)}`;
  return `${stdout}\nFilename: ${filename}\nSize: ${size}\nSHA256: ${await computeChecksum(deb)}\n`;
}

function makeIndices(architecture: string, stanzas: readonly string[]): PackageIndex[] {
  const fits = new RegExp(`^Architecture: (all|${architecture})$`, 'm');
  const content = stanzas.filter((stanza) => fits.test(stanza)).join('\n');
  const path = `main/binary-${architecture}/Packages`;
  return [
    { path, content },
    { path: `${path}.gz`, content: gzipSync(content, { level: 9 }) },
  ];
}

async function makeReleaseFile(
  dist: string,
  indices: readonly PackageIndex[],
  time: number,
): Promise<string> {
  const lines = [];
  for (const { path, content } of indices) {
    const size = String(Buffer.byteLength(content)).padStart(8);
    lines.push(` ${await computeChecksum(join(dist, path))} ${size} ${path}`);
  }
  return `Origin: ${modulesPackageName}
Label: ${modulesPackageName}
Suite: stable
Codename: stable
Date: ${new Date(time * 1000).toUTCString().replace('GMT', 'UTC')}
Architectures: ${ARCHITECTURES.join(' ')}
Components: main
SHA256:
${lines.join('\n')}
`;
}
