import { parseArgs } from 'node:util';
import { problemsOf, reportOf, storm } from '../test/faults/storm.ts';

/** Runs the modules in a storm of faults; the executables have to be built. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '24' },
  },
});

let done = 0;
const whole = await storm(
  Number(values.seed),
  Number(values.runs),
  Number(values['at-once']),
  () => {
    if (++done % 100 === 0) console.error(`${done} of ${values.runs} runs`);
  },
);
console.log(reportOf(whole));
const problems = problemsOf(whole);
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error('Run one of them again: npm run test:storm -- --seed SEED --runs 1');
  process.exitCode = 1;
}
