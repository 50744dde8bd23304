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

/** A processor that the runtime package is made for, by Node.js's name. */
export type NodeArchitecture = 'x64' | 'arm64';

/** `packaging/runtime.json`: the Node.js that is packed, down to the last byte. */
export interface PinnedNode {
  readonly version: string;
  /** The day it came out, which is the time of the packages' files. */
  readonly released: string;
  /** By processor, the checksum of the npm package that holds the binary, as npm writes it. */
  readonly integrity: Readonly<Record<NodeArchitecture, string>>;
}

/** What a runtime package is made of. */
export interface Runtime {
  readonly node: Buffer;
  readonly licence: string;
}

/** Which Node.js is packed. */
export async function pinnedNode(): Promise<PinnedNode> {
  return JSON.parse(await readFile(join(projectDirectory, 'packaging/runtime.json'), 'utf8'));
}

/** Where what was fetched stays, for the next build. */
export const fetchedFolder = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'jumpcloud-system-context',
);

/**
 * The pinned Node.js for a processor, fetched unless the folder has it.
 * @throws Error when it cannot be fetched, or is not what was pinned
 */
export async function fetchRuntime(
  architecture: NodeArchitecture,
  { version, integrity }: PinnedNode,
  directory = fetchedFolder,
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

/** Fetched beside its place and then renamed: a file of that name is a whole one. */
async function fetchPackage(desired: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = await mkdtemp(join(dirname(file), '.unfinished-'));
  try {
    await execa('npm', ['pack', desired, '--pack-destination', unfinished]);
    await rename(join(unfinished, basename(file)), file);
  } finally {
    await rm(unfinished, { recursive: true });
  }
}

function checkIntegrity(file: string, content: Buffer, expected: string): void {
  const actual = `sha512-${createHash('sha512').update(content).digest('base64')}`;
  if (actual === expected) return;
  throw new Error(
    `${file} is not what packaging/runtime.json pins, and is not packed: its checksum is ${actual}, expected is ${expected}. Remove the file to have it fetched again; if that gives the same, find out who changed it.`,
  );
}

/** Some files of a gzipped tar, in the order asked for. */
async function unpacked(
  packed: Buffer,
  desired: readonly string[],
): Promise<(Buffer | undefined)[]> {
  const found = new Map<string, Buffer>();
  const archive = extract();
  archive.end(gunzipSync(packed));
  for await (const entry of archive) {
    if (desired.includes(entry.header.name)) found.set(entry.header.name, await buffer(entry));
    else entry.resume();
  }
  return desired.map((name) => found.get(name));
}
