/** The package revision. Raise it when the same version is packaged again. */
export const packageRevision = '1';

/**
 * Converts a semantic version to a version that dpkg and rpm sort in the same order. In their
 * versions, a hyphen starts the revision, and a tilde marks a version before the release.
 */
export function packageVersion(version: string): string {
  return version.replace('-', '~');
}
