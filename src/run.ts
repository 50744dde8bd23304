/** One run of one module: what every room may know of it, and how it tells of itself. */
export interface Run {
  /** The module's name, for messages and the User-Agent. */
  readonly module: string;
  /** True when nothing may be written, only predicted. */
  readonly check: boolean;
  /** Aborted with an `Interrupted` error when a signal asks the run to end. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

/** What a run has to tell beyond its outcome. */
export interface Reporter {
  /** A sentence for the person, among the result's `warnings`; the same one counts once. */
  warn(sentence: string): void;
  /** The result's `system_id`. */
  setSystemId(systemId: string): void;
  /** What the result's `api` is, from now on. */
  setApi(api: () => Readonly<Record<string, unknown>>): void;
  /** What has been written so far, as result fields, is, from now on; asked for when the run fails. */
  setProgress(fields: () => Readonly<Record<string, unknown>>): void;
  /** Sets the result's `facts`. */
  setFacts(facts: Readonly<Record<string, unknown>>): void;
  /** A text that must never be printed, in whatever answer or error it turns up. */
  addSecret(secret: string): void;
  /** A text of the other side's, without what must never be printed. */
  conceal(text: string): string;
  /** Says on a terminal what a long wait is for; the returned function ends the waiting. */
  showWait(what: string, forMs: number): () => void;
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
