/** The project's web addresses, which only a release contains. */
export interface ProjectLinks {
  readonly repository: string;
  readonly issues: string;
  readonly homepage: string;
  readonly documentation: string;
}
