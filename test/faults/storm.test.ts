import { expect, test } from 'vitest';
import { sampleSize } from '../harness/sample-size.ts';
import { problemsOf, reportOf, runStorm } from './storm.ts';

// STORM_RUNS sets the number of runs, STORM_SEED the first seed.
const RUNS = Number(process.env['STORM_RUNS'] ?? sampleSize(100));
const SEED = Number(process.env['STORM_SEED'] ?? 1);
const AT_ONCE = 16;

test(
  `${RUNS} runs with random faults converge and report exactly what they changed`,
  async () => {
    let done = 0;
    const result = await runStorm(SEED, RUNS, AT_ONCE, () => {
      if (++done % 100 === 0) console.error(`${done} of ${RUNS} runs`);
    });
    console.log(reportOf(result));
    // To repeat one run: STORM_RUNS=1 STORM_SEED=<its seed>.
    expect(problemsOf(result)).toEqual([]);
    const { runs } = result;
    expect(runs.filter(({ converged }) => converged)).toHaveLength(RUNS);
    expect(runs.filter(({ changedIsRight }) => changedIsRight)).toHaveLength(RUNS);
  },
  60_000 + RUNS * 2000,
);
