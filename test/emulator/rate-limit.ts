/** How many requests are let through in which time. */
export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

/** Says of each request, as it comes, whether it is one too many. */
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
