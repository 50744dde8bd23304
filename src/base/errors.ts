/** A problem with one option, or with the whole call if `option` is empty. */
export interface Problem {
  readonly option: string;
  readonly message: string;
  /** A hint without a final full stop. A hint that several problems share is printed once. */
  readonly advice?: string;
  /** The individual problems, if the message sums up several. */
  readonly parts?: readonly Problem[];
}

/** The values of `error.code`. */
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

/** The data of a failure, without its message. */
export interface FailureContext {
  /** The fields of the result's `error`, in addition to `code`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** True if a write may have taken effect although no answer confirmed it. */
  readonly inDoubt?: boolean;
}

/** The message of a failure: the reason, and optionally advice. Both are full sentences. */
export type FailureText = string | readonly [reason: string, advice: string];

/** The base class of all failures that a module reports. */
export abstract class ModuleError extends Error {
  abstract readonly code: ErrorCode;
  /** The message without advice. */
  readonly reason: string;
  /** The advice; empty if the message has no separate advice. */
  readonly advice: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly inDoubt: boolean;

  constructor(text: FailureText, { details = {}, cause, inDoubt = false }: FailureContext = {}) {
    const [reason, advice = ''] = typeof text === 'string' ? [text] : text;
    super(
      joinSentences(reason, advice, inDoubt && IN_DOUBT_ADVICE),
      cause === undefined ? undefined : { cause },
    );
    this.reason = reason;
    this.advice = joinSentences(advice, inDoubt && IN_DOUBT_ADVICE);
    this.details = inDoubt ? { ...details, may_be_done: true } : details;
    this.inDoubt = inDoubt;
  }

  /**
   * Returns a copy with more details, and with `reason` and `advice` at the end of its message.
   */
  withDetails(details: Readonly<Record<string, unknown>>, reason = '', advice = ''): this {
    return Object.create(this, {
      details: { value: { ...this.details, ...details } },
      message: { value: joinSentences(this.message, reason, advice) },
      reason: { value: joinSentences(this.reason, reason) },
      advice: { value: joinSentences(this.advice, advice) },
    });
  }

  /** Returns a failure of another class with the same details and this failure as its cause. */
  wrapAs<T extends ModuleError>(kind: ErrorClass<T>, message: string): T {
    return new kind(message, { details: this.details, cause: this });
  }
}

type ErrorClass<T extends ModuleError> = new (text: FailureText, context: FailureContext) => T;

function joinSentences(...sentences: readonly (string | false)[]): string {
  return sentences.filter(Boolean).join(' ');
}

const IN_DOUBT_ADVICE = 'The change may still have been made. Run again to check.';

/** Composes the message of a failed request from its purpose, the reason and advice. */
export function failureText(purpose: string, reason: string, advice: string): FailureText {
  return [`Could not ${purpose}: ${reason}.`, advice];
}

/** The options of a call are invalid. The message lists all problems, and each hint once. */
export class InvalidArguments extends ModuleError {
  readonly code = 'invalid_arguments';
  /** The individual problems, with their hints. */
  readonly problems: readonly Problem[];

  constructor(entries: readonly Problem[]) {
    const printedAdvice = new Set<string>();
    const sentences = entries.map(({ option, message, advice }) => {
      const sentence = option ? `${option}: ${message}` : message;
      if (advice === undefined || printedAdvice.has(advice)) return sentence;
      printedAdvice.add(advice);
      return `${withFullStop(sentence)} ${advice}`;
    });
    const problems = entries.flatMap(({ parts, ...problem }) => parts ?? [problem]);
    super(sentences.length === 1 ? sentences.join() : sentences.map(withFullStop).join(' '), {
      // The message contains the hints, so the details omit them.
      details: { problems: problems.map(({ option, message }) => ({ option, message })) },
    });
    this.problems = problems;
  }
}

function withFullStop(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/**
 * This host is not enrolled: it has no agent directory, systemKey or private key, or it was removed
 * from JumpCloud.
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

/** JumpCloud limits the rate of requests, and the time budget allows no further attempt. */
export class RateLimited extends ModuleError {
  readonly code = 'rate_limited';
}

/** The network, the proxy or JumpCloud failed, and the time budget allows no further attempt. */
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

/** JumpCloud reported success, but a read does not show the change. */
export class NotApplied extends ModuleError {
  readonly code = 'not_applied';
}

/** An option refers to a fact that is unavailable, and the reference has no default. */
export class FactUnavailable extends ModuleError {
  readonly code = 'fact_unavailable';
}

/** The run would delete more records than a limit allows, so it deleted none. */
export class LimitExceeded extends ModuleError {
  readonly code = 'limit_exceeded';
}

/** An action on this host, such as stopping the agent's service, failed. */
export class LocalActionFailed extends ModuleError {
  readonly code = 'local_action_failed';
}

/** A bug in the module. */
export class Internal extends ModuleError {
  readonly code = 'internal';
}
