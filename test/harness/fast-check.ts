import fc from 'fast-check';

const { FAST_CHECK_SEED, THOROUGH } = process.env;

/**
 * fast-check with a fixed seed, so that a commit always gets the same result. `npm run
 * test:thorough` sets THOROUGH=1, which uses a new seed in each run. FAST_CHECK_SEED sets the seed
 * that a failure has printed.
 */
if (FAST_CHECK_SEED !== undefined || THOROUGH !== '1')
  fc.configureGlobal({ seed: Number(FAST_CHECK_SEED ?? 1) });

export default fc;
