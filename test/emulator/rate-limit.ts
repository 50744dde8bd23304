/** The maximum number of requests in a period. */
export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

/** Returns a function that counts a request and reports whether it exceeds the limit. */
export function rateLimiter(limit: RateLimit | undefined): () => boolean {
  let window: number[] = [];
  return () => {
    if (limit === undefined) return false;
    const since = Date.now() - limit.perSeconds * 1000;
    window = window.filter((time) => time > since);
    if (window.length >= limit.requests) return true;
    window.push(Date.now());
    return false;
  };
}
