import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetchRuntime, type NodeArchitecture, type PinnedNode } from './runtime.ts';

/** The entries of `process.versions` that are no code: interface numbers and data. */
const NO_CODE = ['node', 'modules', 'napi', 'cldr', 'tz', 'unicode'];

/**
 * Returns the pin of a version of Node.js: npm's checksums and date of it, and the libraries that its
 * binary contains.
 */
export async function pinNode(version: string): Promise<PinnedNode> {
  const [x64, arm64] = await Promise.all([published('x64', version), published('arm64', version)]);
  const pinned = {
    version,
    released: x64.date,
    integrity: { x64: x64.integrity, arm64: arm64.integrity },
    libraries: {},
  };
  await fetchRuntime('arm64', pinned);
  const { node } = await fetchRuntime(process.arch as NodeArchitecture, pinned);
  return { ...pinned, libraries: await librariesOf(node) };
}

/** Returns the libraries that a binary of this machine's architecture contains, with their versions. */
export async function librariesOf(node: Buffer): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'node-'));
  try {
    const path = join(directory, 'node');
    await writeFile(path, node, { mode: 0o755 });
    const { stdout } = await execa(path, ['-p', 'JSON.stringify(process.versions)']);
    return Object.fromEntries(
      Object.entries<string>(JSON.parse(stdout)).filter(
        ([name, version]) => version !== '' && !NO_CODE.includes(name),
      ),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function published(
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
