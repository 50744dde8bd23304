/** The packaging's own count behind a version: another one is packed from the same sources anew. */
export const packageRevision = '1';

/**
 * A semantic version as dpkg and rpm order it: they take a hyphen for the beginning of the revision,
 * and what follows a tilde for older than the same without it.
 */
export function packageVersion(version: string): string {
  return version.replace('-', '~');
}
