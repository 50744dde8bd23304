import { expect, test } from 'vitest';
import { problemsOf, reportOf, storm } from './storm.ts';

// A slice of the storm; the whole is `npm run test:storm`.
const RUNS = 60;
const AT_ONCE = 16;

test(`${RUNS} runs in a storm converge, and say truly what they changed`, async () => {
  const slice = await storm(1, RUNS, AT_ONCE);
  console.log(reportOf(slice));
  expect(problemsOf(slice)).toEqual([]);
  const { runs } = slice;
  expect(runs.filter(({ converged }) => converged)).toHaveLength(RUNS);
  expect(runs.filter(({ changedIsRight }) => changedIsRight)).toHaveLength(RUNS);
}, 180_000);
