import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildDeb } from '../../scripts/package/build-deb.ts';
import { buildRpm } from '../../scripts/package/build-rpm.ts';
import { modulesPackageName } from '../../scripts/package/modules-package.ts';
import { packageContact } from '../../scripts/package/package-contact.ts';
import type { PackageDescription } from '../../scripts/package/package-description.ts';
import { buildRepository } from '../../scripts/package/repository/build-repository.ts';
import { runtimePackageName } from '../../scripts/package/runtime-package.ts';
import type { Signer } from '../../scripts/package/signer.ts';
import { RELEASE } from './packed.ts';

/** The file in which a tiny package has its version. */
export const VERSION_FILE = 'usr/lib/jumpcloud-system-context/version';

const TIME = Date.UTC(2026, 0, 2) / 1000;

/** Two releases of packages that have the real names and dependencies, but only one file each. */
export class TinyReleases {
  readonly directory: string;
  readonly #releases: readonly string[];

  private constructor(directory: string, releases: readonly string[]) {
    this.directory = directory;
    this.#releases = releases;
  }

  static async make(signer: Signer): Promise<TinyReleases> {
    const directory = await mkdtemp(join(tmpdir(), 'releases-'));
    const releases = [];
    for (const version of ['1.0.0', '1.1.0']) {
      const release = join(directory, version);
      await mkdir(release);
      for (const one of [describeModulesPackage(version), node]) {
        await buildDeb(release, one, 0);
        await signer.signRpm(await buildRpm(release, one, 0));
      }
      releases.push(release);
    }
    return new TinyReleases(directory, releases);
  }

  /** Makes repositories of both releases. */
  async repository(name: string, signer: Signer): Promise<string> {
    const repository = join(this.directory, name);
    await buildRepository(repository, this.#releases, TIME, signer);
    return repository;
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }
}

/**
 * Makes an unsigned rpm that provides what the packages need from a distribution. Returns its path.
 */
export async function makeDistributionRpm(directory: string): Promise<string> {
  const spec = join(directory, 'distribution.spec');
  await writeFile(
    spec,
    `Name: distribution
Version: 1.0.0
Release: 1
Summary: Stands for a distribution
License: MIT
BuildArch: noarch
Provides: /bin/sh
Provides: nodejs = 1:24.0.0
%description
Stands for a distribution.
%files
`,
  );
  await execa('rpmbuild', ['-bb', '--quiet', '-D', `_topdir ${directory}`, spec]);
  return join(directory, 'RPMS/noarch/distribution-1.0.0-1.noarch.rpm');
}

const node = describeTinyPackage(runtimePackageName, '24.0.0');

function describeModulesPackage(version: string): PackageDescription {
  const one = describeTinyPackage(modulesPackageName, version);
  return {
    ...one,
    files: [{ path: VERSION_FILE, content: version }],
    deb: { ...one.deb, depends: `${runtimePackageName} | nodejs (>= 18.17)` },
    rpm: { ...one.rpm, requires: ['/bin/sh', `(${runtimePackageName} or nodejs >= 1:18.17)`] },
  };
}

function describeTinyPackage(name: string, version: string): PackageDescription {
  return {
    ...packageContact(RELEASE.publisher),
    name,
    version,
    time: TIME,
    summary: name,
    description: [name],
    changelog: [{ version, time: TIME, changes: ['Change this.'] }],
    files: [{ path: `usr/share/${name}`, content: version }],
    deb: {
      architecture: 'all',
      depends: 'libc6',
      scripts: {},
      copyright: '',
      lintianOverrides: '',
    },
    rpm: {
      architecture: 'noarch',
      requires: [],
      requiresLibraries: false,
      scripts: {},
      licences: {},
      license: 'MIT',
    },
  };
}
