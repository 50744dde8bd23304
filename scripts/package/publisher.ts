/** Who stands behind a package, and where to find them. */
export interface Publisher {
  /** Name and address, as package managers show them. */
  readonly maintainer: string;
  /** Undefined before the project has one. */
  readonly homepage: string | undefined;
}

/** Package managers want an address, and a development build has none that could be written to. */
export const nobodyInParticular =
  'jumpcloud-system-context maintainers <maintainers@jumpcloud-system-context.invalid>';
