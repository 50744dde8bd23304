import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chart } from './bench/fleet/chart.ts';
import { type Fleet, LIMIT, runFleet } from './bench/fleet/run-fleet.ts';
import { excess, table } from './bench/fleet/table.ts';
import { projectDirectory } from './build/project-directory.ts';

/** How far above the fewest possible the requests of a fleet may be. */
const TOLERATED_EXCESS = 0.05;

const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : [100, 500, 1000, 2000];
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
  throw new Error('Give numbers of hosts, for example: npm run bench:fleet -- 100 2000');
}

const results = join(projectDirectory, 'dist/bench');
await mkdir(results, { recursive: true });
const fleets: Fleet[] = [];
for (const size of sizes) {
  console.log(`${size} hosts …`);
  const fleet = await runFleet(size);
  fleets.push(fleet);
  for (const message of fleet.wrong) console.log(`  ${message}`);
  // Written after each, so that a longer one that is stopped leaves the shorter ones.
  await writeFile(join(results, 'fleet.md'), text());
  await writeFile(join(results, 'fleet.svg'), chart(fleets));
}
console.log(`\n${text()}\nTable and chart are in ${results}.`);
const isFine = (fleet: Fleet) =>
  fleet.converged === fleet.hosts && excess(fleet) <= TOLERATED_EXCESS;
if (!fleets.every(isFine)) process.exitCode = 1;

function text(): string {
  return `## A fleet that starts at the same moment, ${LIMIT} requests per second allowed

Each host runs jumpcloud_group_membership for the first time, then jumpcloud_system unchanged. More requests are answered 429 with Retry-After: 1. No limit on how many hosts run at the same time.

${table(fleets)}
`;
}
