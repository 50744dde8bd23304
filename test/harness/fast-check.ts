import fc from 'fast-check';

/**
 * fast-check with a fixed seed, so that a commit that passes passes again. `npm run test:thorough`
 * sets THOROUGH=1 and takes a new seed each time to search for new counterexamples.
 */
if (process.env['THOROUGH'] !== '1') fc.configureGlobal({ seed: 1 });

export default fc;
