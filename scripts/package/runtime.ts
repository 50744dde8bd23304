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

/** The contents of `packaging/runtime.json`: the exact Node.js in the runtime package. */
export interface PinnedNode {
  readonly version: string;
  /** The release date, which is also the modification time of all packaged files. */
  readonly released: string;
  /** The checksums of the npm packages that contain the binaries, in npm's format. */
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
export async function readPinnedNode(): Promise<PinnedNode> {
  return JSON.parse(await readFile(join(projectDirectory, 'packaging/runtime.json'), 'utf8'));
}

/** The directory that keeps downloaded files for later builds. */
export const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'jumpcloud-system-context',
);

/**
 * Returns the pinned Node.js for a processor architecture. Downloads it unless `directory` contains
 * it.
 * @throws Error when the download fails, or the checksum differs
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
  const files = await unpackFiles(packed, ['package/bin/node', 'package/LICENSE']);
  const [node, licence] = files;
  if (!node || !licence) throw new Error(`${file} lacks package/bin/node or package/LICENSE.`);
  return { node, licence: licence.toString('utf8') };
}

/**
 * Fetches a package into a temporary directory and then moves it to `file`, so that `file` is never
 * incomplete.
 */
async function fetchPackage(spec: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporaryDirectory = await mkdtemp(join(dirname(file), '.unfinished-'));
  try {
    await execa('npm', ['pack', spec, '--pack-destination', temporaryDirectory]);
    await rename(join(temporaryDirectory, basename(file)), file);
  } finally {
    await rm(temporaryDirectory, { recursive: true });
  }
}

function checkIntegrity(file: string, content: Buffer, expected: string): void {
  const actual = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  if (actual === expected) return;
  throw new Error(
    `${file} has the checksum ${actual}, but packaging/runtime.json requires ${expected}. Remove the file to fetch it again. If the checksum still differs, find out who changed the package.`,
  );
}

/** Reads files of a gzipped tar, in the order of `names`. */
async function unpackFiles(
  packed: Buffer,
  names: readonly string[],
): Promise<(Buffer | undefined)[]> {
  const found = new Map<string, Buffer>();
  const archive = extract();
  archive.end(gunzipSync(packed));
  for await (const entry of archive) {
    if (names.includes(entry.header.name)) found.set(entry.header.name, await buffer(entry));
    else entry.resume();
  }
  return names.map((name) => found.get(name));
}
