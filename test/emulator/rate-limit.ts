import type { Behaviour } from './behaviour.ts';

/** The maximum number of requests in a period. */
export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

/** Returns a function that counts a request and reports whether it exceeds the limit. */
export function makeRateLimiter(current: () => RateLimit | undefined): () => boolean {
  let window: number[] = [];
  return () => {
    const limit = current();
    if (limit === undefined) return false;
    const since = Date.now() - limit.perSeconds * 1000;
    window = window.filter((time) => time > since);
    if (window.length >= limit.requests) return true;
    window.push(Date.now());
    return false;
  };
}

/** Returns the `retryAfter` of the fault that answers a request beyond the emulated rate limit. */
export function retryAfterOf({
  retry_after,
  wait_s,
}: Behaviour['rate_limit']): number | { readonly date: number } | undefined {
  if (retry_after === 'none') return undefined;
  return retry_after === 'date' ? { date: wait_s } : wait_s;
}

/** Returns the rate limit of the emulated behaviour, or undefined if it has none. */
export function limitOf({ rate_limit }: Behaviour): RateLimit | undefined {
  const { limited, requests, seconds } = rate_limit;
  return limited ? { requests, perSeconds: Math.max(1, seconds) } : undefined;
}
