import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { extract } from 'tar-stream';
import { projectDirectory } from '../build/project-directory.ts';

/** A processor architecture of the runtime package, as Node.js names it. */
export type NodeArchitecture = 'x64' | 'arm64';

/** `packaging/runtime.json`: the exact Node.js that is packed. */
export interface PinnedNode {
  readonly version: string;
  /** The release date, which is also the time of the packages' files. */
  readonly released: string;
  /** The checksums of the npm packages that contain the binaries, in npm's form. */
  readonly integrity: Readonly<Record<NodeArchitecture, string>>;
  /** The libraries that the binary contains, by name, with their versions. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** The files of Node.js that a runtime package contains. */
export interface Runtime {
  readonly node: Buffer;
  readonly licence: string;
}

/** Reads `packaging/runtime.json`. */
export async function pinnedNode(): Promise<PinnedNode> {
  return JSON.parse(await readFile(join(projectDirectory, 'packaging/runtime.json'), 'utf8'));
}

/** The cache of downloaded files, kept for later builds. */
export const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'jumpcloud-system-context',
);

/**
 * Returns the pinned Node.js for a processor; fetches it unless the directory has it.
 * @throws Error when it cannot be fetched, or its checksum differs
 */
export async function fetchRuntime(
  architecture: NodeArchitecture,
  { version, integrity }: PinnedNode,
  directory = cacheDirectory,
): Promise<Runtime> {
  const name = `node-linux-${architecture}`;
  const file = join(directory, `${name}-${version}.tgz`);
  if (!existsSync(file)) await fetchPackage(`${name}@${version}`, file);
  const packed = await readFile(file);
  checkIntegrity(file, packed, integrity[architecture]);
  const files = await unpacked(packed, ['package/bin/node', 'package/LICENSE']);
  const [node, licence] = files;
  if (!node || !licence) throw new Error(`${file} lacks package/bin/node or package/LICENSE.`);
  return { node, licence: licence.toString('utf8') };
}

/** Fetches into a temporary directory and then renames, so that `file` is never incomplete. */
async function fetchPackage(spec: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = await mkdtemp(join(dirname(file), '.unfinished-'));
  try {
    await execa('npm', ['pack', spec, '--pack-destination', unfinished]);
    await rename(join(unfinished, basename(file)), file);
  } finally {
    await rm(unfinished, { recursive: true });
  }
}

function checkIntegrity(file: string, content: Buffer, expected: string): void {
  const actual = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  if (actual === expected) return;
  throw new Error(
    `${file} is not packed, because its checksum is ${actual}; packaging/runtime.json requires ${expected}. Remove the file to fetch it again. If the checksum differs again, find out who changed the package.`,
  );
}

/** Reads files of a gzipped tar, in the order of `names`. */
async function unpacked(packed: Buffer, names: readonly string[]): Promise<(Buffer | undefined)[]> {
  const found = new Map<string, Buffer>();
  const archive = extract();
  archive.end(gunzipSync(packed));
  for await (const entry of archive) {
    if (names.includes(entry.header.name)) found.set(entry.header.name, await buffer(entry));
    else entry.resume();
  }
  return names.map((name) => found.get(name));
}
