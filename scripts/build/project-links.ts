/** The project's web addresses. Only a release has them; a development build names none. */
export interface ProjectLinks {
  readonly repository: string;
  readonly issues: string;
  readonly homepage: string;
  readonly documentation: string;
}
