import type { WireReply, WireRequest } from './http/attempt.ts';

/** A request to JumpCloud's API. */
export interface Request {
  readonly method: WireRequest['method'];
  /** Path and query, exactly as they are signed and sent. */
  readonly path: string;
  readonly body?: unknown;
  /** Completes the message "Could not …". */
  readonly purpose: string;
  /** The advice after a 404. By default, the advice is to check the id. */
  readonly adviceFor404?: string;
  /** Marks a POST that changes nothing. */
  readonly changesNothing?: true;
  /** The media type of a text body. Without it, the body is sent as JSON. */
  readonly mediaType?: string;
  /**
   * Called right before each attempt. `inDoubt` is true if an earlier attempt may have taken effect
   * although no answer confirmed it. If the promise is rejected, the request ends.
   */
  readonly beforeAttempt?: (inDoubt: boolean) => Promise<void>;
}

/** Returns whether a request may change something. */
export function isWrite({ method, changesNothing }: Request): boolean {
  return method !== 'GET' && changesNothing !== true;
}

/** JumpCloud's final answer to a request. */
export interface Reply extends WireReply {
  /** True if an earlier attempt may have taken effect although no answer confirmed it. */
  readonly inDoubt: boolean;
}
