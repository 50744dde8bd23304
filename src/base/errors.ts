/** One option, or the call as a whole (`option` empty), and what is wrong with it. */
export interface Problem {
  readonly option: string;
  readonly message: string;
  /** A sentence without its full stop that helps with others of the kind, too. */
  readonly advice?: string;
}

/** Every `error.code` a module can answer with. */
export type ErrorCode =
  | 'invalid_arguments'
  | 'not_enrolled'
  | 'bad_identity'
  | 'unauthorized'
  | 'not_found'
  | 'rejected'
  | 'rate_limited'
  | 'unavailable'
  | 'tls'
  | 'unexpected_response'
  | 'not_applied'
  | 'fact_unavailable'
  | 'local_action_failed'
  | 'interrupted'
  | 'internal';

/** What a failure is told with, beside its message. */
export interface FailureContext {
  /** The machine-readable fields that stand beside `error.code`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Whether a write may have been made all the same, because no answer told. */
  readonly inDoubt?: boolean;
}

/** A failure with a message for the person who reads it: what happened, to what, what to do now. */
export abstract class ModuleError extends Error {
  abstract readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly inDoubt: boolean;

  constructor(message: string, { details = {}, cause, inDoubt = false }: FailureContext = {}) {
    super(
      inDoubt ? `${message} ${IN_DOUBT}` : message,
      cause === undefined ? undefined : { cause },
    );
    this.details = inDoubt ? { ...details, may_be_done: true } : details;
    this.inDoubt = inDoubt;
  }

  /** The same failure with more details, and more sentences behind its message. */
  withDetails(details: Readonly<Record<string, unknown>>, more = ''): this {
    return Object.create(this, {
      details: { value: { ...this.details, ...details } },
      message: { value: this.message + more },
    });
  }

  /** Returns a failure of another kind that this one is the cause of, with the same details. */
  wrapAs<T extends ModuleError>(kind: ErrorClass<T>, message: string): T {
    return new kind(message, { details: this.details, cause: this });
  }
}

/** A kind of failure. */
type ErrorClass<T extends ModuleError> = new (message: string, context: FailureContext) => T;

const IN_DOUBT = 'The change may have been made all the same; run again to see.';

/** The words for a request that came to nothing: what it was for, what happened, what to do now. */
export function failureMessage(purpose: string, what: string, advice = ''): string {
  return `Could not ${purpose}: ${what}.${advice && ` ${advice}`}`;
}

/** The options are wrong; carries every problem of the call, and each advice once. */
export class InvalidArguments extends ModuleError {
  readonly code = 'invalid_arguments';

  constructor(given: readonly Problem[]) {
    const advised = new Set<string>();
    const problems = given.map(({ option, message, advice }) => {
      if (advice === undefined || advised.has(advice)) return { option, message };
      advised.add(advice);
      return { option, message: `${withFullStop(message)} ${advice}` };
    });
    const lines = problems.map(({ option, message }) =>
      option ? `${option}: ${message}` : message,
    );
    super(lines.length === 1 ? lines.join() : lines.map(withFullStop).join(' '), {
      details: { problems },
    });
  }
}

/** Returns a text that ends as a sentence does. */
function withFullStop(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** No agent folder, no systemKey, no key, or a host that was removed from JumpCloud. */
export class NotEnrolled extends ModuleError {
  readonly code = 'not_enrolled';
}

/** The agent's files are there but cannot serve to sign. */
export class BadIdentity extends ModuleError {
  readonly code = 'bad_identity';
}

/** JumpCloud answered 401. */
export class Unauthorized extends ModuleError {
  readonly code = 'unauthorized';
}

/** Something that had to exist in JumpCloud does not. */
export class NotFound extends ModuleError {
  readonly code = 'not_found';
}

/** JumpCloud or a proxy refused the request. */
export class Rejected extends ModuleError {
  readonly code = 'rejected';
}

/** JumpCloud asked to slow down for longer than the budget allows. */
export class RateLimited extends ModuleError {
  readonly code = 'rate_limited';
}

/** The network, the proxy or JumpCloud failed until the budget ran out. */
export class Unavailable extends ModuleError {
  readonly code = 'unavailable';
  /** How often the request was sent. */
  readonly attempts: number;

  constructor(message: string, { attempts, ...context }: FailureContext & { attempts: number }) {
    super(message, { ...context, details: { attempts, ...context.details } });
    this.attempts = attempts;
  }
}

/** The other side could not prove that it is JumpCloud. */
export class TlsFailure extends ModuleError {
  readonly code = 'tls';
}

/** An answer that is not what JumpCloud's API gives. */
export class UnexpectedResponse extends ModuleError {
  readonly code = 'unexpected_response';
}

/** JumpCloud answered success, but reading back does not show it. */
export class NotApplied extends ModuleError {
  readonly code = 'not_applied';
}

/** A fact of this host that an option refers to cannot be had, and the reference has no default. */
export class FactUnavailable extends ModuleError {
  readonly code = 'fact_unavailable';
}

/** Something on this host, not in JumpCloud, could not be done. */
export class LocalActionFailed extends ModuleError {
  readonly code = 'local_action_failed';
}

/** A signal ended the run. */
export class Interrupted extends ModuleError {
  readonly code = 'interrupted';
  /** Whether the request that it ended may have taken effect. */
  readonly mayHaveTakenEffect: boolean = true;

  /** Returns the same for a request of which no attempt was under way, nor may have taken effect. */
  betweenAttempts(): this {
    const copy = Object.create(this);
    Object.defineProperty(copy, 'mayHaveTakenEffect', { value: false });
    return copy;
  }
}

/** A bug in the module. */
export class Internal extends ModuleError {
  readonly code = 'internal';
}
