/**
 * Returns milliseconds since an arbitrary start, unaffected by changes of the system clock. The
 * global `performance` would load a part of Node.js that is not needed otherwise.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
