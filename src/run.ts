/** The context of one run of a module, available to every layer. */
export interface Run {
  /** The module's name, for messages and the User-Agent. */
  readonly module: string;
  /** True in check mode: changes are predicted, and nothing is written. */
  readonly check: boolean;
  /** Aborted with an `Interrupted` error when a signal such as SIGTERM asks the run to end. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

/** The part of a run that a session needs. */
export interface SessionRun extends Pick<Run, 'module' | 'signal'> {
  readonly report: Pick<Reporter, 'addSecret' | 'maskSecrets' | 'showWait' | 'warn'>;
}

/** Collects the data that a run reports in addition to its outcome. */
export interface Reporter {
  /** Adds a sentence to the result's `warnings`. A repeated sentence is added once. */
  warn(sentence: string): void;
  /** Sets the result's `system_id`. */
  setSystemId(systemId: string): void;
  /** Sets the function that returns the result's `api`. It is called at the end of the run. */
  setApiReport(api: () => Readonly<Record<string, unknown>>): void;
  /**
   * Sets the function that returns the result fields of the work done so far. It is called only if
   * the run fails.
   */
  setProgress(fields: () => Readonly<Record<string, unknown>>): void;
  /** Sets the result's `facts`. */
  setFacts(facts: Readonly<Record<string, unknown>>): void;
  /** Records a write that JumpCloud accepted, for the system log. */
  recordWrite(write: AcceptedWrite): void;
  /**
   * Sets the function that logs the recorded writes. It is called at the end of the run, even after
   * a failure.
   */
  setWriteLog(log: (writes: readonly LoggedWrite[]) => Promise<void>): void;
  /**
   * Registers a secret that must never be printed, even if an answer or error contains it. A
   * regular expression needs the flag `g`.
   */
  addSecret(secret: string | RegExp): void;
  /** Returns a server's text with all secrets masked. */
  maskSecrets(text: string): string;
  /**
   * Shows a long wait on the terminal. `what` completes the line "Waiting …". Returns a function
   * that removes the line.
   */
  showWait(what: string, forMs: number): () => void;
}

/** A write that JumpCloud accepted. Contains names, ids and sudo settings, but no other values. */
export interface AcceptedWrite {
  readonly op: 'add' | 'update' | 'remove' | 'delete';
  readonly type: string;
  /** The id of the object at the other end of an edge, or of a deleted stale system. */
  readonly id?: string;
  /** The name of the object, if known. */
  readonly name?: string | undefined;
  /** The new sudo settings of an added or updated edge. */
  readonly sudo?: { readonly sudo: boolean; readonly sudo_without_password: boolean };
  /** The option names of the changed fields of the record. */
  readonly fields?: readonly string[];
  /** The names of the changed custom attributes. */
  readonly attributes?: readonly string[];
}

/** A write with the id of this host's system. */
export interface LoggedWrite extends AcceptedWrite {
  readonly systemId: string | undefined;
}

/** The result of a successful run. */
export interface Outcome {
  readonly changed: boolean;
  /** One sentence for people. */
  readonly msg: string;
  /**
   * The managed state before and after the run, under option names. Modules that change nothing
   * return no diff.
   */
  readonly diff?: { readonly before: unknown; readonly after: unknown };
  /** The result fields of this module. */
  readonly fields: Readonly<Record<string, unknown>>;
}
