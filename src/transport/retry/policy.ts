const BASE_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/**
 * The most of what is left that goes into one wait, unless the server asks for more: no run sleeps
 * through the end of an outage.
 */
const MAX_SHARE = 1 / 4;
/** The end of the budget that is kept for one last attempt. */
const LAST_ATTEMPT_MS = 500;

/** Statuses that end by themselves. The last two lines are Cloudflare's, which is in front of JumpCloud. */
const TRANSIENT: ReadonlySet<number> = new Set([
  ...[408, 429, 500, 502, 503, 504],
  ...[520, 521, 522, 523, 524, 525, 526, 527],
  530,
]);

/** Whether another attempt is worth it after this status of JumpCloud's. */
export function isTransientStatus(status: number): boolean {
  return TRANSIENT.has(status);
}

/** Whether another attempt is worth it after a proxy answered CONNECT with this status. */
export function isTransientProxyStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** What the decision is taken on. Times in milliseconds. */
export interface FailedAttempt {
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** What the server asked to wait. */
  readonly retryAfterMs: number | undefined;
  /** What is left of the budget. */
  readonly remainingMs: number;
  /** At least 0, below 1. */
  readonly random: number;
}

/**
 * How long to wait before the next attempt, in milliseconds; undefined when there is none to
 * make. Exponential backoff with full jitter on top of what the server asked for, so that a
 * fleet told to come back in a minute does not come back in one second. A wait that would
 * outlast the budget is cut short, so that one last attempt still fits.
 */
export function nextRetry(failed: FailedAttempt): number | undefined {
  const { attempts, retryAfterMs = 0, remainingMs, random } = failed;
  const latest = remainingMs - LAST_ATTEMPT_MS;
  if (latest <= 0 || retryAfterMs > latest) return undefined;
  const longest = Math.min(MAX_BACKOFF_MS, MAX_SHARE * remainingMs);
  const backoff = random * Math.min(longest, BASE_MS * 2 ** (attempts - 1));
  return Math.min(retryAfterMs + backoff, latest);
}

/**
 * How long a `Retry-After` header asks to wait, in milliseconds; undefined when it is missing or
 * says nothing. It comes as seconds or as a date; `now` is the time by the server's clock.
 */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
