import { createHash } from 'node:crypto';
import { modulesPackageName } from './modules-package.ts';
import type { Release } from './read-release.ts';
import type { Signer } from './signer.ts';

/**
 * Returns the release notes: the changes, the address of the packages, and the fingerprint and
 * checksum of the public key.
 */
export function releaseNotes(
  { version, changes, publisher }: Release,
  { fingerprint, publicKey }: Signer,
): string {
  const checksum = createHash('sha256').update(publicKey).digest('hex');
  return `# ${modulesPackageName} ${version}

${changes}

## Install and verify

- Packages for apt and dnf: ${publisher.packages}
- Fingerprint of the key that signed everything: ${fingerprint}
- SHA-256 of the public key's file: ${checksum}

${publisher.documentation} says how to install the packages and how to verify the files of this release.
`;
}
