import fc from 'fast-check';

/**
 * fast-check with a fixed seed, so that a commit always gets the same result. `npm run
 * test:thorough` sets THOROUGH=1, which uses a new seed in each run.
 */
if (process.env['THOROUGH'] !== '1') fc.configureGlobal({ seed: 1 });

export default fc;
