/** The context of one run of a module, available to every layer. */
export interface Run {
  /** The module's name, for messages and the User-Agent. */
  readonly module: string;
  /** True in check mode: changes are predicted, and nothing is written. */
  readonly check: boolean;
  /** Aborted with an `Interrupted` error when a signal asks the run to end. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

/** The part of a run that a session needs. */
export interface SessionRun extends Pick<Run, 'module' | 'signal'> {
  readonly report: Pick<Reporter, 'addSecret' | 'conceal' | 'showWait' | 'warn'>;
}

/** Collects what a run reports in addition to its outcome. */
export interface Reporter {
  /** Adds a sentence to the result's `warnings`, unless it is already there. */
  warn(sentence: string): void;
  /** Sets the result's `system_id`. */
  setSystemId(systemId: string): void;
  /** Sets the function that returns the result's `api`. Called at the end of the run. */
  setApi(api: () => Readonly<Record<string, unknown>>): void;
  /** Sets the function that returns the result fields of the work done so far. Called if the run fails. */
  setProgress(fields: () => Readonly<Record<string, unknown>>): void;
  /** Sets the result's `facts`. */
  setFacts(facts: Readonly<Record<string, unknown>>): void;
  /** Records a write that JumpCloud accepted, for the system log. */
  recordWrite(write: AcceptedWrite): void;
  /** Sets the function that logs the recorded writes. Called at the end of the run, also if it fails. */
  setWriteLog(log: (writes: readonly LoggedWrite[]) => Promise<void>): void;
  /**
   * Registers a text, or a pattern with the flag g, that must never be printed, even if an answer or
   * error contains it.
   */
  addSecret(secret: string | RegExp): void;
  /** Returns a server's text with all secrets masked. */
  conceal(text: string): string;
  /** Shows a long wait on the terminal, as in "Waiting for …". Returns a function that ends it. */
  showWait(what: string, forMs: number): () => void;
}

/** A write that JumpCloud accepted. Apart from sudo, it contains names and ids, but no values. */
export interface AcceptedWrite {
  readonly op: 'add' | 'update' | 'remove' | 'delete';
  readonly type: string;
  /** The id of the object at the other end of an edge. */
  readonly id?: string;
  /** The object's name, if the write knows it. */
  readonly name?: string | undefined;
  /** The sudo of an edge that is added or updated. */
  readonly sudo?: { readonly sudo: boolean; readonly sudo_without_password: boolean };
  /** The changed fields of the record, by option name. */
  readonly fields?: readonly string[];
  /** The names of the changed custom attributes. */
  readonly attributes?: readonly string[];
}

/** A write with the facts that the whole run shares. */
export interface LoggedWrite extends AcceptedWrite {
  readonly systemId: string | undefined;
}

/** The result of a run that did not fail. */
export interface Outcome {
  readonly changed: boolean;
  /** One sentence for people. */
  readonly msg: string;
  /** The managed state, by option names; absent from modules that change nothing. */
  readonly diff?: { readonly before: unknown; readonly after: unknown };
  /** The result fields of this module. */
  readonly fields: Readonly<Record<string, unknown>>;
}
