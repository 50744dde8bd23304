import type { WireReply, WireRequest } from './http/attempt.ts';

/** A call of JumpCloud's API. */
export interface Request {
  readonly method: WireRequest['method'];
  /** Path and query, exactly as they are signed and sent. */
  readonly path: string;
  readonly body?: unknown;
  /** What it is for, as in "Could not …". */
  readonly purpose: string;
  /** A POST that only searches. */
  readonly isSearch?: true;
}

/** Whether a request may change something. */
export function isWrite({ method, isSearch }: Request): boolean {
  return method !== 'GET' && isSearch !== true;
}

/** JumpCloud's final answer to a request. */
export interface Reply extends WireReply {
  /** Whether an attempt at this write before this answer may have taken effect, unanswered. */
  readonly inDoubt: boolean;
}
