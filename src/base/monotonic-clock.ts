/**
 * Returns milliseconds since an arbitrary start. Changes of the system clock do not affect the
 * value. Avoids the global `performance`, which would load more of Node.js.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
