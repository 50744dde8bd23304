import { modulesPackageName } from './modules-package.ts';
import type { Release } from './read-release.ts';

/**
 * Returns the release notes: the changes, the fingerprint of the key, and the address of the
 * packages.
 */
export function releaseNotes({ version, changes, publisher }: Release, fingerprint: string): string {
  return `# ${modulesPackageName} ${version}

${changes}

## Install and verify

Packages for apt and dnf: ${publisher.packages}

Everything is signed with the key ${fingerprint}. ${publisher.documentation} says how to install the packages and how to verify the files of this release.
`;
}
