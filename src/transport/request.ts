import type { WireReply, WireRequest } from './http/attempt.ts';

/** A request to JumpCloud's API. */
export interface Request {
  readonly method: WireRequest['method'];
  /** Path and query, exactly as they are signed and sent. */
  readonly path: string;
  readonly body?: unknown;
  /** Completes "Could not …". */
  readonly purpose: string;
  /** Marks a POST that only searches. */
  readonly isSearch?: true;
}

/** Returns whether a request may change something. */
export function isWrite({ method, isSearch }: Request): boolean {
  return method !== 'GET' && isSearch !== true;
}

/** JumpCloud's final answer to a request. */
export interface Reply extends WireReply {
  /** Whether an earlier, unanswered attempt at this write may have taken effect. */
  readonly inDoubt: boolean;
}
