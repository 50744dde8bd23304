/**
 * Returns a linear congruential generator of numbers that are at least 0 and below 1. The same seed
 * gives the same numbers.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  // The first numbers of neighbouring seeds are alike: skip them.
  for (let i = 0; i < 8; i++) next();
  return next;
}
