import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { projectDirectory } from './project-directory.ts';

/** An npm package with code in at least one executable. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** The SPDX identifier of the licence. */
  readonly license: string;
  /** The checksum of the whole package in npm's format, for example `sha512-…`. */
  readonly integrity: string;
}

/** Returns the names of the packages with code in a bundle. */
export function packageNames({ outputs }: Metafile): string[] {
  const names = Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** Returns the packages with code in at least one bundle. */
export async function bundledPackages(metafiles: readonly Metafile[]): Promise<BundledPackage[]> {
  const lock = JSON.parse(await readFile(join(projectDirectory, 'package-lock.json'), 'utf8'));
  return [...new Set(metafiles.flatMap(packageNames))].sort().map((name) => {
    const { version, license, integrity } = lock.packages[`node_modules/${name}`];
    return { name, version, license, integrity };
  });
}
