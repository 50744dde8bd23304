/** The publisher of a release and the project's web addresses. A development build has none. */
export interface Publisher {
  /** A name and an email address, as package managers show them: `NAME <ADDRESS>`. */
  readonly maintainer: string;
  readonly repository: string;
  readonly issues: string;
  readonly homepage: string;
  readonly documentation: string;
}
