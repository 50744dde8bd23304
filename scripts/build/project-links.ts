/** Where the project lives: known when a release is made, so nothing before that claims a place. */
export interface ProjectLinks {
  readonly repository: string;
  readonly issues: string;
  readonly homepage: string;
  readonly documentation: string;
}
