import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type BuildResult, buildAll, type ReleaseOptions } from '../../scripts/build/build-all.ts';
import { buildDeb } from '../../scripts/package/build-deb.ts';
import { buildRpm } from '../../scripts/package/build-rpm.ts';
import { modulesPackage } from '../../scripts/package/modules-package.ts';
import { packageContact } from '../../scripts/package/package-contact.ts';
import type { PackageDescription } from '../../scripts/package/package-description.ts';
import {
  fetchRuntime,
  type NodeArchitecture,
  readPinnedNode,
} from '../../scripts/package/runtime.ts';
import { runtimePackage } from '../../scripts/package/runtime-package.ts';
import { hasPrograms } from '../examples/has-programs.ts';

/** A made-up release. Unlike a development build, it has the same version at every commit. */
export const RELEASE: ReleaseOptions = {
  version: '1.2.3',
  time: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
  publisher: {
    maintainer: 'Example <packages@example.com>',
    repository: 'https://example.com/source',
    issues: 'https://example.com/issues',
    homepage: 'https://example.com/',
    documentation: 'https://example.com/documentation',
  },
};

/** Whether this machine can make deb and rpm packages. */
export const canPack = {
  deb: hasPrograms('the tests of deb packages', 'dpkg-deb'),
  rpm: hasPrograms('the tests of rpm packages', 'rpmbuild'),
};

/** A build in a temporary directory, and packages made from it, with fast compression. */
export class BuiltPackages {
  readonly directory: string;
  readonly built: BuildResult;

  private constructor(directory: string, built: BuildResult) {
    this.directory = directory;
    this.built = built;
  }

  static async make(release: ReleaseOptions = RELEASE): Promise<BuiltPackages> {
    const directory = await mkdtemp(join(tmpdir(), 'packed-'));
    return new BuiltPackages(directory, await buildAll(directory, release));
  }

  modules(): Promise<PackageDescription> {
    return modulesPackage(this.directory, this.built, packageContact(RELEASE.publisher));
  }

  deb(description: PackageDescription): Promise<string> {
    return buildDeb(this.directory, description, 0);
  }

  rpm(description: PackageDescription): Promise<string> {
    return buildRpm(this.directory, description, 0);
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }
}

/**
 * Describes the package with the pinned Node.js. Prints a reason and returns undefined when npm
 * cannot fetch it.
 */
export async function describeRuntimePackage(
  architecture: NodeArchitecture,
): Promise<PackageDescription | undefined> {
  const pinned = await readPinnedNode();
  try {
    const runtime = await fetchRuntime(architecture, pinned);
    return await runtimePackage(architecture, pinned, runtime, RELEASE.publisher);
  } catch (error) {
    // Tests are skipped only when npm fails. A wrong download must fail the tests.
    if (!(error instanceof Error && 'command' in error)) throw error;
    console.log(
      `Skipped: the tests of the package with Node.js. npm could not fetch Node.js ${pinned.version} for ${architecture}.`,
    );
    return undefined;
  }
}

/** Lists the entries of a deb or rpm in one format: `-rwxr-xr-x root/root usr/bin/x -> target`. */
export async function listContents(path: string): Promise<string[]> {
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

/**
 * Runs a program and returns its standard output.
 * @throws Error when the program fails
 */
export async function readOutput(program: string, ...words: string[]): Promise<string> {
  return (await execa(program, words, { env: { LC_ALL: 'C.UTF-8' } })).stdout;
}
