import type { Publisher } from '../build/publisher.ts';

/** The maintainer of a package, and the project's web site. */
export interface PackageContact {
  readonly maintainer: string;
  /** The project's web site. Undefined in a development build. */
  readonly homepage: string | undefined;
}

/**
 * Returns the contact for the packages of a publisher. A development build has no publisher. It
 * gets a placeholder, because package managers require an address.
 */
export function packageContact(publisher: Publisher | undefined): PackageContact {
  return {
    maintainer:
      publisher?.maintainer ??
      'jumpcloud-system-context maintainers <maintainers@jumpcloud-system-context.invalid>',
    homepage: publisher?.homepage,
  };
}
