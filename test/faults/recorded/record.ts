/**
 * Records the answer and the requests of random calls. The file gets one line of JSON for each
 * call. The same seeds give the same calls, so diff can compare the files of two versions of the
 * modules. Usage: `npm run record-calls -- FILE [CALLS]`.
 */
import { writeFileSync } from 'node:fs';
import { mapConcurrently } from '../map-concurrently.ts';
import { recordCall } from './recorded-call.ts';

const DEFAULT_CALLS = 2000;
const CONCURRENCY = 4;

const [file, calls = String(DEFAULT_CALLS)] = process.argv.slice(2);
if (file === undefined) {
  console.error('Usage: npm run record-calls -- FILE [CALLS]');
  process.exit(2);
}
const seeds = Array.from({ length: Number(calls) }, (_, i) => i + 1);
const lines = await mapConcurrently(seeds, CONCURRENCY, async (seed) => {
  if (seed % 250 === 0) console.log(`call ${seed}`);
  return JSON.stringify(await recordCall(seed));
});
writeFileSync(file, `${lines.join('\n')}\n`);
console.log(`${lines.length} calls recorded in ${file}`);
