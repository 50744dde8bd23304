import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chart } from './bench/fleet/chart.ts';
import { type FleetResult, REQUESTS_PER_SECOND, runFleet } from './bench/fleet/run-fleet.ts';
import { excessRequestRatio, table } from './bench/fleet/table.ts';
import { projectDirectory } from './build/project-directory.ts';

/** The tolerated excess of a fleet's requests over the minimum, as a fraction. */
const TOLERATED_EXCESS = 0.05;

const requestedSizes = process.argv.slice(2).map(Number);
const sizes = requestedSizes.length > 0 ? requestedSizes : [100, 500, 1000, 2000];
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
  throw new Error(
    'The arguments must be numbers of hosts, for example: npm run bench:fleet -- 100 2000',
  );
}

const resultsDirectory = join(projectDirectory, 'dist/bench');
await mkdir(resultsDirectory, { recursive: true });
const fleets: FleetResult[] = [];
for (const size of sizes) {
  console.log(`${size} hosts …`);
  const fleet = await runFleet(size);
  fleets.push(fleet);
  for (const message of fleet.errors) console.log(`  ${message}`);
  // Writes the results after each fleet, so that an interrupted run keeps them.
  await writeFile(join(resultsDirectory, 'fleet.md'), reportText());
  await writeFile(join(resultsDirectory, 'fleet.svg'), chart(fleets));
}
console.log(`\n${reportText()}\nTable and chart are in ${resultsDirectory}.`);
const isWithinTolerance = (fleet: FleetResult) =>
  fleet.converged === fleet.hosts && excessRequestRatio(fleet) <= TOLERATED_EXCESS;
if (!fleets.every(isWithinTolerance)) process.exitCode = 1;

function reportText(): string {
  return `## A fleet whose hosts all start at once, with a limit of ${REQUESTS_PER_SECOND} requests per second

Each host runs jumpcloud_group_membership for the first time, then jumpcloud_system with nothing to change. Requests above the limit are answered 429 with Retry-After: 1. All hosts run at the same time.

${table(fleets)}
`;
}
