import { expect, test } from 'vitest';
import { problemsOf, reportOf, storm } from './storm.ts';

// STORM_RUNS asks for more than a slice of the storm, STORM_SEED for other runs.
const RUNS = Number(process.env['STORM_RUNS'] ?? 60);
const SEED = Number(process.env['STORM_SEED'] ?? 1);
const AT_ONCE = 16;

test(
  `${RUNS} runs in a storm converge, and say truly what they changed`,
  async () => {
    let done = 0;
    const whole = await storm(SEED, RUNS, AT_ONCE, () => {
      if (++done % 100 === 0) console.error(`${done} of ${RUNS} runs`);
    });
    console.log(reportOf(whole));
    // One of them again: STORM_RUNS=1 STORM_SEED=<its seed>.
    expect(problemsOf(whole)).toEqual([]);
    const { runs } = whole;
    expect(runs.filter(({ converged }) => converged)).toHaveLength(RUNS);
    expect(runs.filter(({ changedIsRight }) => changedIsRight)).toHaveLength(RUNS);
  },
  60_000 + RUNS * 2000,
);
