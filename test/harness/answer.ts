/** A module's JSON result: the fields that tests read, and any others. */
export interface Answer extends Record<string, unknown> {
  changed: boolean;
  failed?: true;
  msg: string;
  warnings: string[];
  error?: { code: string; problems?: { option: string; message: string }[] } & Record<
    string,
    unknown
  >;
  diff?: { before: Record<string, unknown>; after: Record<string, unknown> };
}
