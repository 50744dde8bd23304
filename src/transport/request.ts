import type { WireReply, WireRequest } from './attempt.ts';

/** A call of JumpCloud's API. */
export interface Request {
  readonly method: WireRequest['method'];
  /** Path and query, exactly as they are signed and sent. */
  readonly path: string;
  readonly body?: unknown;
  /** What it is for, as in "Could not …". */
  readonly purpose: string;
}

/** JumpCloud's final answer to a request. */
export interface Reply extends WireReply {
  /** Whether an attempt at this write before this answer may have taken effect, unanswered. */
  readonly inDoubt: boolean;
}
