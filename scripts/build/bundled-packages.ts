import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { projectDirectory } from './project-directory.ts';

/** An npm package of which executables contain at least a part. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** The SPDX identifier of the licence. */
  readonly license: string;
  /** The checksum of the whole package, in npm's form. */
  readonly integrity: string;
}

/** Returns the names of the packages of which a bundle contains at least one byte. */
export function packagesIn({ outputs }: Metafile): string[] {
  const names = Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** Returns the packages that at least one of the bundles contains. */
export async function bundledPackages(metafiles: readonly Metafile[]): Promise<BundledPackage[]> {
  const lock = JSON.parse(await readFile(join(projectDirectory, 'package-lock.json'), 'utf8'));
  return [...new Set(metafiles.flatMap(packagesIn))].sort().map((name) => {
    const { version, license, integrity } = lock.packages[`node_modules/${name}`];
    return { name, version, license, integrity };
  });
}
