/** The package revision. It is raised when the same version is packaged again. */
export const packageRevision = '1';

/**
 * Converts a semantic version to one that dpkg and rpm order in the same way. To them, a hyphen
 * starts the revision, and a version with a tilde sorts before the same version without it.
 */
export function packageVersion(version: string): string {
  return version.replace('-', '~');
}
