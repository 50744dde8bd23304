import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type BuildResult, buildAll, type ReleaseOptions } from '../../scripts/build/build-all.ts';
import { buildDeb } from '../../scripts/package/build-deb.ts';
import { buildRpm } from '../../scripts/package/build-rpm.ts';
import { modulesPackage } from '../../scripts/package/modules-package.ts';
import type { PackageDescription } from '../../scripts/package/package-description.ts';
import { nobodyInParticular } from '../../scripts/package/publisher.ts';
import { fetchRuntime, type NodeArchitecture, pinnedNode } from '../../scripts/package/runtime.ts';
import { runtimePackage } from '../../scripts/package/runtime-package.ts';
import { hasTool } from '../examples/has-tool.ts';

/** A release that never was: unlike a development build, it is called the same at every commit. */
export const RELEASE: ReleaseOptions = {
  version: '1.2.3',
  time: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
  links: {
    repository: 'https://example.com/source',
    issues: 'https://example.com/issues',
    homepage: 'https://example.com/',
    documentation: 'https://example.com/documentation',
  },
};

/** Whether this machine can make Debian's packages, and rpm's. */
export const canPack = {
  deb: hasTool("the tests of Debian's packages", 'dpkg-deb'),
  rpm: hasTool("the tests of rpm's packages", 'rpmbuild'),
};

/** Who the packages are from. */
export const PUBLISHER = { maintainer: nobodyInParticular, homepage: RELEASE.links.homepage };

/** A folder of its own for what is packed; xz hurries, which changes sizes and nothing else. */
export class Packed {
  readonly directory: string;
  readonly built: BuildResult;

  private constructor(directory: string, built: BuildResult) {
    this.directory = directory;
    this.built = built;
  }

  static async make(release: ReleaseOptions = RELEASE): Promise<Packed> {
    const directory = await mkdtemp(join(tmpdir(), 'packed-'));
    return new Packed(directory, await buildAll(directory, release));
  }

  modules(): Promise<PackageDescription> {
    return modulesPackage(this.directory, this.built, PUBLISHER);
  }

  deb(described: PackageDescription): Promise<string> {
    return buildDeb(this.directory, described, 0);
  }

  rpm(described: PackageDescription): Promise<string> {
    return buildRpm(this.directory, described, 0);
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }
}

/** The package with the pinned Node.js; undefined, and said why, when it cannot be had. */
export async function runtimeDescription(
  architecture: NodeArchitecture,
): Promise<PackageDescription | undefined> {
  const pinned = await pinnedNode();
  try {
    const runtime = await fetchRuntime(architecture, pinned);
    return await runtimePackage(architecture, pinned, runtime, PUBLISHER);
  } catch (error) {
    // What was fetched and is wrong must not go unnoticed; no way to the registry may.
    if (!(error instanceof Error && 'command' in error)) throw error;
    console.log(`Left out, because npm gives no Node.js ${pinned.version} for ${architecture}.`);
    return undefined;
  }
}

/** One entry of a package, the same for both kinds: `-rwxr-xr-x root/root usr/bin/x -> target`. */
export async function contents(path: string): Promise<string[]> {
  const { stdout } = path.endsWith('.deb')
    ? await execa('dpkg-deb', ['--contents', path])
    : await execa('rpm', [
        '-qp',
        '--qf',
        '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} x x x .%{FILENAMES} -> %{FILELINKTOS}\n]',
        path,
      ]);
  return stdout
    .split('\n')
    .map((line) => line.replace(/^(\S+) +(\S+) +\S+ +\S+ +\S+ +\.\/?/, '$1 $2 '))
    .map((line) => line.replace(/ -> $/, '').replace(/\/$/, ''))
    .sort();
}

/** The text that a program prints, which has to succeed. */
export async function output(program: string, ...words: string[]): Promise<string> {
  return (await execa(program, words, { env: { LC_ALL: 'C.UTF-8' } })).stdout;
}
