const BASE_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/**
 * The maximum backoff as a share of the remaining budget. With short waits, a run soon notices the
 * end of an outage.
 */
const MAX_BUDGET_SHARE = 1 / 4;
/** The part of the budget that is reserved for a last attempt, in milliseconds. */
const LAST_ATTEMPT_RESERVE_MS = 500;

/**
 * The statuses that are retried. Cloudflare, which JumpCloud uses, sends those from 520 on. Each
 * has a name in `http/status-text.ts`.
 */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([
  ...[408, 429, 500, 502, 503, 504],
  ...[520, 521, 522, 523, 524, 525, 526, 527],
  530,
]);

/** Returns whether a request that JumpCloud answered with this status is retried. */
export function isTransientStatus(status: number): boolean {
  return TRANSIENT_STATUSES.has(status);
}

/** Returns whether a CONNECT that a proxy answered with this status is retried. */
export function isTransientProxyStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** A failed attempt and the remaining budget. Times are in milliseconds. */
export interface FailedAttempt {
  /** The number of attempts so far, including this one. */
  readonly attempts: number;
  /** The wait that the server asked for. */
  readonly retryAfterMs: number | undefined;
  /** The remaining budget. */
  readonly remainingMs: number;
  /** A random number, at least 0 and below 1. */
  readonly random: number;
}

/**
 * Returns the delay before the next attempt, in milliseconds; undefined if the budget allows no
 * further attempt. Adds exponential backoff with full jitter to Retry-After, so that the hosts of a
 * fleet do not all retry in the same second. Shortens the backoff so that a last attempt fits into
 * the budget.
 */
export function nextDelayMs(failed: FailedAttempt): number | undefined {
  const { attempts, retryAfterMs = 0, remainingMs, random } = failed;
  const latest = remainingMs - LAST_ATTEMPT_RESERVE_MS;
  if (latest <= 0 || retryAfterMs > latest) return undefined;
  const longest = Math.min(MAX_BACKOFF_MS, MAX_BUDGET_SHARE * remainingMs);
  const backoff = random * Math.min(longest, BASE_BACKOFF_MS * 2 ** (attempts - 1));
  return Math.min(retryAfterMs + backoff, latest);
}

/**
 * Parses a `Retry-After` header: seconds, or a date. Returns the wait in milliseconds; undefined
 * when the header is missing or invalid. `now` is the server's time.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
