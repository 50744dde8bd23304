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
