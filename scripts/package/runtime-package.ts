import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from '../build/project-directory.ts';
import { packageDirectory } from './modules-package.ts';
import type { PackageDescription } from './package-description.ts';
import type { Publisher } from './publisher.ts';
import type { NodeArchitecture, PinnedNode, Runtime } from './runtime.ts';

/** The name of the package with Node.js, in every package manager. */
export const runtimePackageName = 'jumpcloud-system-context-node';

const ARCHITECTURES = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
} as const;

/**
 * The package with a Node.js of the modules' own, away from PATH. Its version is that of Node.js: it
 * is built anew, to the same bytes, with each version of the modules.
 */
export async function runtimePackage(
  architecture: NodeArchitecture,
  { version, released }: PinnedNode,
  { node, licence }: Runtime,
  { maintainer }: Publisher,
): Promise<PackageDescription> {
  const time = Date.parse(released) / 1000;
  const { deb, rpm } = ARCHITECTURES[architecture];
  const overrides = join(projectDirectory, 'packaging/deb/runtime.lintian-overrides');
  return {
    name: runtimePackageName,
    summary: "Node.js for jumpcloud-system-context's modules alone",
    description: [
      `Node.js ${version} as its project builds it, without npm. It lies away from PATH, where nothing but the modules of jumpcloud-system-context looks for it, and disturbs no other Node.js on the host.`,
    ],
    maintainer,
    homepage: 'https://nodejs.org/',
    version,
    time,
    changelog: [{ version, time, changes: [`Node.js ${version}.`] }],
    files: [
      { path: packageDirectory, directory: true },
      { path: `${packageDirectory}/node`, content: node, executable: true },
    ],
    deb: {
      architecture: deb,
      // The oldest that have every symbol that the binary asks for; a test compares them.
      depends: 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 7)',
      scripts: {},
      copyright: licence,
      lintianOverrides: await readFile(overrides, 'utf8'),
    },
    rpm: {
      architecture: rpm,
      requires: [],
      findRequires: true,
      scripts: {},
      licences: { LICENSE: licence },
      license:
        'MIT AND Apache-2.0 AND BSD-2-Clause AND BSD-3-Clause AND ISC AND Unicode-3.0 AND Zlib',
    },
  };
}
