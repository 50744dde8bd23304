/** Numbers from 0 to 1, the same for the same seed: a linear congruential generator. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  // Neighbouring seeds start alike: let them part.
  for (let i = 0; i < 8; i++) next();
  return next;
}
