import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from '../build/project-directory.ts';
import { renderCycloneDx, sbomFileName } from '../build/sbom.ts';
import { packageDirectory } from './modules-package.ts';
import type { PackageContact } from './package-contact.ts';
import type { PackageDescription } from './package-description.ts';
import type { NodeArchitecture, PinnedNode, Runtime } from './runtime.ts';
import { runtimeSbom } from './runtime-sbom.ts';

/** The name of the package with Node.js. It is the same in every package manager. */
export const runtimePackageName = 'jumpcloud-system-context-node';

const ARCHITECTURES = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
} as const;

/**
 * Describes the package with Node.js. The package has the version of Node.js. It installs Node.js
 * outside PATH, because only the modules use it. All releases with the same Node.js build identical
 * bytes.
 */
export async function runtimePackage(
  architecture: NodeArchitecture,
  pinned: PinnedNode,
  runtime: Runtime,
  { maintainer }: PackageContact,
): Promise<PackageDescription> {
  const { version, released } = pinned;
  const { node, licence } = runtime;
  const time = Date.parse(released) / 1000;
  const sbom = runtimeSbom(runtimePackageName, architecture, pinned, runtime);
  const { deb, rpm } = ARCHITECTURES[architecture];
  const overrides = join(projectDirectory, 'packaging/deb/runtime.lintian-overrides');
  return {
    name: runtimePackageName,
    summary: 'Node.js for the modules of jumpcloud-system-context only',
    description: [
      `The official build of Node.js ${version}, without npm. It is installed outside PATH, where only the modules of jumpcloud-system-context use it, and does not affect any other Node.js on the host.`,
    ],
    maintainer,
    homepage: 'https://nodejs.org/',
    version,
    time,
    changelog: [{ version, time, changes: [`Node.js ${version}.`] }],
    files: [
      { path: packageDirectory, directory: true },
      { path: `${packageDirectory}/node`, content: node, executable: true },
      { path: `usr/share/doc/${runtimePackageName}`, directory: true },
      {
        path: `usr/share/doc/${runtimePackageName}/${sbomFileName}`,
        content: renderCycloneDx(sbom),
      },
    ],
    deb: {
      architecture: deb,
      // The oldest versions with all symbols that the binary needs. A test verifies these versions.
      depends: 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 7)',
      scripts: {},
      copyright: licence,
      lintianOverrides: await readFile(overrides, 'utf8'),
    },
    rpm: {
      architecture: rpm,
      requires: [],
      requiresLibraries: true,
      scripts: {},
      licences: { LICENSE: licence },
      license:
        'MIT AND Apache-2.0 AND BSD-2-Clause AND BSD-3-Clause AND ISC AND Unicode-3.0 AND Zlib',
    },
  };
}
