/**
 * One run of one module, as every room may ask about it and report to it. Made once by the
 * protocol and handed down; the rooms share nothing else.
 */
export interface Run {
  /** The module's name, for messages and the User-Agent. */
  readonly module: string;
  /** True when nothing may be written, only predicted. */
  readonly check: boolean;
  /** Aborted with an `Interrupted` error when a signal asks the run to end. */
  readonly signal: AbortSignal;
  /** Sentences for the person; the result's `warnings`. */
  readonly warnings: string[];
  /** Texts that must never be printed, in whatever answer or error they turn up. */
  readonly secrets: Set<string>;
  /** The result's `system_id`, once it is known. */
  systemId: string | undefined;
  /** What has been written already, as result fields; reported when the run fails later. */
  soFar: Readonly<Record<string, unknown>>;
  /** The result's `api`, once there is a connection to tell of. */
  api: (() => Readonly<Record<string, unknown>>) | undefined;
  /** Says on a terminal what a long wait is for; the returned function ends the waiting. */
  waiting(what: string, forMs: number): () => void;
}

/** What a module answers when it did not fail. */
export interface Outcome {
  readonly changed: boolean;
  /** One sentence for the person. */
  readonly msg: string;
  /** What the module manages, by option names; absent from modules that change nothing. */
  readonly diff?: { readonly before: unknown; readonly after: unknown };
  /** The result fields of this module. */
  readonly fields: Readonly<Record<string, unknown>>;
}
