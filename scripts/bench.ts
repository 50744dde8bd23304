import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from '../test/emulator/emulator.ts';
import { issue, makeCa } from '../test/emulator/keys.ts';
import { type Cost, Measurer } from '../test/harness/measurer.ts';
import { fetchedNodes, nodePath } from '../test/harness/nodes.ts';
import { contenders, FLOOR } from './bench/contenders.ts';
import { chart, type Measured, table } from './bench/report.ts';
import { buildAll } from './build/build-all.ts';
import { projectFolder } from './build/project-folder.ts';

/** How often each contender is run, after one round that does not count. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const results = join(projectFolder, 'dist/bench');
const nodes = fetchedNodes();
if (nodes.length === 0)
  console.log('Only this Node.js is measured; more with: npm run setup:nodes');
await buildAll(join(projectFolder, 'dist'));
await mkdir(results, { recursive: true });

const ca = await makeCa();
await writeFile(join(folder, 'ca.pem'), ca.cert);
// All contenders trust the emulator's certificate in the same way, whatever they are written in.
process.env['NODE_EXTRA_CA_CERTS'] = join(folder, 'ca.pem');
process.env['CURL_CA_BUNDLE'] = join(folder, 'ca.pem');
process.env['HTTPS_PROXY'] = process.env['https_proxy'] = '';
const emulator = await startEmulator({ tls: await issue(ca) });
const measurer = new Measurer();
try {
  const versions = nodes.length > 0 ? nodes : [process.versions.node];
  for (const version of versions) {
    const measured = await measure(nodes.length > 0 ? nodePath(version) : process.execPath);
    const floor = measured.find(({ name }) => name === FLOOR);
    if (floor === undefined) throw new Error('the floor was not measured');
    const title = `Whole process, median of ${ROUNDS} paired runs, Node.js ${version}`;
    const text = `## ${title}\n\n${table(measured, floor)}\n`;
    console.log(`\n${text}`);
    await writeFile(join(results, `node-${version}.md`), text);
    await writeFile(
      join(results, `node-${version}.svg`),
      chart(`${title}: times the floor`, measured, floor),
    );
  }
  console.log(`Tables and charts are in ${results}.`);
} finally {
  measurer.close();
  await emulator.close();
  await rm(folder, { recursive: true });
}

/** Interleaved: each round runs every contender once, so that a slow minute hits all alike. */
async function measure(node: string): Promise<Measured[]> {
  const host = await emulator.enrol();
  const all = await contenders(emulator, host, folder);
  const costs = new Map<string, Cost[]>(all.map(({ name }) => [name, []]));
  const requests = new Map<string, number>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, command, reset } of all) {
      emulator.clearRequests();
      const cost = await measurer.run(command(node, round));
      if (cost.exit !== 0) throw new Error(`${name} failed on ${node}`);
      requests.set(name, emulator.requests.length);
      if (round > 0) costs.get(name)?.push(cost);
      reset?.();
    }
  }
  await host.remove();
  return all.map(({ name, bytes }) => ({
    name,
    bytes,
    requests: requests.get(name) ?? 0,
    costs: costs.get(name) ?? [],
  }));
}
