/** A problem with one option, or with the whole call if `option` is empty. */
export interface Problem {
  readonly option: string;
  readonly message: string;
  /** A hint without its full stop. It is printed once, even if several problems share it. */
  readonly advice?: string;
  /** The problems that the message sums up, if it is about several. */
  readonly parts?: readonly Problem[];
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
  | 'limit_exceeded'
  | 'local_action_failed'
  | 'interrupted'
  | 'internal';

/** The data of a failure apart from its message. */
export interface FailureContext {
  /** Machine-readable fields beside `error.code`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Whether a write may have taken effect although no answer confirmed it. */
  readonly inDoubt?: boolean;
}

/** Sentences that say what failed, on what and why; optionally followed by what to do. */
export type FailureText = string | readonly [reason: string, advice: string];

/** A failure whose message says what failed, on what, why, and what to do. */
export abstract class ModuleError extends Error {
  abstract readonly code: ErrorCode;
  /** The message without advice. */
  readonly reason: string;
  /** What to do; empty if the message does not separate it from the reason. */
  readonly advice: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly inDoubt: boolean;

  constructor(text: FailureText, { details = {}, cause, inDoubt = false }: FailureContext = {}) {
    const [reason, advice = ''] = typeof text === 'string' ? [text] : text;
    super(joined(reason, advice, inDoubt && IN_DOUBT), cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.advice = joined(advice, inDoubt && IN_DOUBT);
    this.details = inDoubt ? { ...details, may_be_done: true } : details;
    this.inDoubt = inDoubt;
  }

  /** Returns this failure with more details, and with sentences appended to its message. */
  withDetails(details: Readonly<Record<string, unknown>>, reason = '', advice = ''): this {
    return Object.create(this, {
      details: { value: { ...this.details, ...details } },
      message: { value: joined(this.message, reason, advice) },
      reason: { value: joined(this.reason, reason) },
      advice: { value: joined(this.advice, advice) },
    });
  }

  /** Returns a failure of another kind with the same details; this one becomes its cause. */
  wrapAs<T extends ModuleError>(kind: ErrorClass<T>, message: string): T {
    return new kind(message, { details: this.details, cause: this });
  }
}

type ErrorClass<T extends ModuleError> = new (text: FailureText, context: FailureContext) => T;

function joined(...sentences: readonly (string | false)[]): string {
  return sentences.filter(Boolean).join(' ');
}

const IN_DOUBT = 'The change may still have been made. Run again to check.';

/** Returns the text for a failed request: its purpose, the reason, and what to do. */
export function failureText(purpose: string, reason: string, advice: string): FailureText {
  return [`Could not ${purpose}: ${reason}.`, advice];
}

/** The options are wrong. Contains all problems of the call, and each hint once. */
export class InvalidArguments extends ModuleError {
  readonly code = 'invalid_arguments';
  /** The problems one by one, with their hints. */
  readonly problems: readonly Problem[];

  constructor(given: readonly Problem[]) {
    const advised = new Set<string>();
    const sentences = given.map(({ option, message, advice }) => {
      const sentence = option ? `${option}: ${message}` : message;
      if (advice === undefined || advised.has(advice)) return sentence;
      advised.add(advice);
      return `${withFullStop(sentence)} ${advice}`;
    });
    const problems = given.flatMap(({ parts, ...problem }) => parts ?? [problem]);
    super(sentences.length === 1 ? sentences.join() : sentences.map(withFullStop).join(' '), {
      // Hints are in the message.
      details: { problems: problems.map(({ option, message }) => ({ option, message })) },
    });
    this.problems = problems;
  }
}

function withFullStop(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/**
 * The host has no agent directory, no systemKey or no private key, or it was removed from
 * JumpCloud.
 */
export class NotEnrolled extends ModuleError {
  readonly code = 'not_enrolled';
}

/** The agent's files exist but cannot be used to sign requests. */
export class BadIdentity extends ModuleError {
  readonly code = 'bad_identity';
}

/** JumpCloud answered 401. */
export class Unauthorized extends ModuleError {
  readonly code = 'unauthorized';
}

/** A required object does not exist in JumpCloud. */
export class NotFound extends ModuleError {
  readonly code = 'not_found';
}

/** JumpCloud or a proxy refused the request. */
export class Rejected extends ModuleError {
  readonly code = 'rejected';
}

/** JumpCloud limits the rate of requests for longer than the budget allows. */
export class RateLimited extends ModuleError {
  readonly code = 'rate_limited';
}

/** The network, the proxy or JumpCloud failed until the budget ran out. */
export class Unavailable extends ModuleError {
  readonly code = 'unavailable';
  /** The number of times that the request was sent. */
  readonly attempts: number;

  constructor(text: FailureText, { attempts, ...context }: FailureContext & { attempts: number }) {
    super(text, { ...context, details: { attempts, ...context.details } });
    this.attempts = attempts;
  }
}

/** The TLS handshake failed, or the server could not prove that it is JumpCloud. */
export class TlsFailure extends ModuleError {
  readonly code = 'tls';
}

/** The answer does not follow JumpCloud's API. */
export class UnexpectedResponse extends ModuleError {
  readonly code = 'unexpected_response';
}

/** JumpCloud answered success, but reading back does not show the change. */
export class NotApplied extends ModuleError {
  readonly code = 'not_applied';
}

/** A fact that an option refers to is unavailable, and the reference has no default. */
export class FactUnavailable extends ModuleError {
  readonly code = 'fact_unavailable';
}

/** More would be deleted than a limit allows. Nothing was deleted. */
export class LimitExceeded extends ModuleError {
  readonly code = 'limit_exceeded';
}

/** An action on this host, not in JumpCloud, failed. */
export class LocalActionFailed extends ModuleError {
  readonly code = 'local_action_failed';
}

/** A bug in the module. */
export class Internal extends ModuleError {
  readonly code = 'internal';
}
