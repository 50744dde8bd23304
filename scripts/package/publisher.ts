/** The maintainer of a package, and the project's web site. */
export interface Publisher {
  /** The name and email address, as package managers show them. */
  readonly maintainer: string;
  /** The project's web site. Undefined in a development build. */
  readonly homepage: string | undefined;
}

/**
 * The maintainer of a development build: a placeholder, because package managers require an
 * address.
 */
export const placeholderMaintainer =
  'jumpcloud-system-context maintainers <maintainers@jumpcloud-system-context.invalid>';
