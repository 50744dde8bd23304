import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetchRuntime, type NodeArchitecture, type PinnedNode } from './runtime.ts';

/** The entries of `process.versions` that are not libraries: interface versions and data. */
const NON_LIBRARIES = ['node', 'modules', 'napi', 'cldr', 'tz', 'unicode'];

/**
 * Returns the pinned data of a Node.js version: checksums and release date from npm, and the
 * libraries in the binary.
 */
export async function pinNode(version: string): Promise<PinnedNode> {
  const [x64, arm64] = await Promise.all([
    readPublishedRelease('x64', version),
    readPublishedRelease('arm64', version),
  ]);
  const pinned = {
    version,
    released: x64.date,
    integrity: { x64: x64.integrity, arm64: arm64.integrity },
    libraries: {},
  };
  await fetchRuntime('arm64', pinned);
  const { node } = await fetchRuntime(process.arch as NodeArchitecture, pinned);
  return { ...pinned, libraries: await readLibraries(node) };
}

/**
 * Returns the libraries that a binary of this machine's architecture contains, with their versions.
 */
export async function readLibraries(node: Buffer): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'node-'));
  try {
    const path = join(directory, 'node');
    await writeFile(path, node, { mode: 0o755 });
    const { stdout } = await execa(path, ['-p', 'JSON.stringify(process.versions)']);
    return Object.fromEntries(
      Object.entries<string>(JSON.parse(stdout)).filter(
        ([name, version]) => version !== '' && !NON_LIBRARIES.includes(name),
      ),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function readPublishedRelease(
  architecture: NodeArchitecture,
  version: string,
): Promise<{ integrity: string; date: string }> {
  const words = [
    'view',
    '--json',
    `node-linux-${architecture}@${version}`,
    'dist.integrity',
    'time',
  ];
  const { stdout } = await execa('npm', words);
  const { 'dist.integrity': integrity, time } = JSON.parse(stdout);
  return { integrity, date: time[version].slice(0, 10) };
}
