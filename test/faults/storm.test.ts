import { expect, test } from 'vitest';
import { sampleSize } from '../harness/sample-size.ts';
import { formatReport, problemsOf, runStorm } from './storm.ts';

// STORM_RUNS sets the number of runs. STORM_SEED sets the first seed.
const RUNS = Number(process.env['STORM_RUNS'] ?? sampleSize(100));
const SEED = Number(process.env['STORM_SEED'] ?? 1);
const CONCURRENCY = 16;

test(
  `each of ${RUNS} runs with random faults reaches the desired state and reports its changes`,
  async () => {
    let done = 0;
    const result = await runStorm(SEED, RUNS, CONCURRENCY, () => {
      if (++done % 100 === 0) console.error(`${done} of ${RUNS} runs`);
    });
    console.log(formatReport(result));
    // To repeat one run: STORM_RUNS=1 STORM_SEED=<its seed>.
    expect(problemsOf(result)).toEqual([]);
    const { runs } = result;
    expect(runs.filter(({ hasConverged }) => hasConverged)).toHaveLength(RUNS);
    expect(runs.filter(({ isChangedCorrect }) => isChangedCorrect)).toHaveLength(RUNS);
  },
  60_000 + RUNS * 2000,
);
