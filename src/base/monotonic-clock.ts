/**
 * Milliseconds of a clock that nobody sets, from an arbitrary start. The global `performance` would
 * load a part of Node that nothing else here needs.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
