import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startEmulator } from '../test/emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../test/emulator/keys.ts';
import { startDelayingRelay } from '../test/harness/delaying-relay.ts';
import { type Cost, Measurer } from '../test/harness/measurer.ts';
import { fetchedNodes, nodePath } from '../test/harness/nodes.ts';
import { FLOOR, HOST_MODULE, makeContenders, SINGLE_MODULES } from './bench/contenders.ts';
import { chart, compareWallTimes, type Measurement, table } from './bench/report.ts';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';

/** The number of runs of each contender, after a warm-up round that is not counted. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
/** The simulated round-trip times to JumpCloud in milliseconds. */
const ROUND_TRIPS_MS = (process.env['BENCH_ROUND_TRIPS'] ?? '0,20,50').split(',').map(Number);
/** The major versions of Node.js to measure. By default, all installed versions are measured. */
const NODE_MAJORS = process.env['BENCH_NODES']?.split(',');

const directory = await mkdtemp(join(tmpdir(), 'bench-'));
const resultsDirectory = join(projectDirectory, 'dist/bench');
const nodes = fetchedNodes().filter(
  (version) => NODE_MAJORS?.includes(version.split('.')[0] ?? '') ?? true,
);
if (nodes.length === 0)
  console.log(
    'Only this version of Node.js is measured. To measure more versions, run: npm run setup:nodes',
  );
await buildAll(join(projectDirectory, 'dist'));
await mkdir(resultsDirectory, { recursive: true });

const ca = await makeCa();
// Makes a system CA store that contains the emulator's CA, in Debian's two formats. The modules
// read a directory with hashed file names. curl reads one file with all CAs.
await mkdir(join(directory, 'certs'));
await writeFile(join(directory, 'certs/ca.pem'), ca.cert);
await execa('openssl', ['rehash', join(directory, 'certs')]);
const systemCas = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => '');
await writeFile(join(directory, 'ca.pem'), systemCas + ca.cert);
process.env['JUMPCLOUD_CA_STORE'] = 'system';
process.env['SSL_CERT_DIR'] = join(directory, 'certs');
process.env['SSL_CERT_FILE'] = '/dev/null';
process.env['CURL_CA_BUNDLE'] = join(directory, 'ca.pem');
// On Node.js 18 and 20, this variable makes every start read all root certificates.
delete process.env['NODE_EXTRA_CA_CERTS'];
process.env['HTTPS_PROXY'] = process.env['https_proxy'] = '';
const emulator = await startEmulator({ tls: await issueServerCertificate(ca) });
const measurer = new Measurer();
try {
  const versions = nodes.length > 0 ? nodes : [process.versions.node];
  for (const version of versions) {
    const node = nodes.length > 0 ? nodePath(version) : process.execPath;
    for (const roundTripMs of ROUND_TRIPS_MS) await report(version, roundTripMs, node);
  }
  console.log(`Tables and charts are in ${resultsDirectory}.`);
} finally {
  measurer.close();
  await emulator.close();
  await rm(directory, { recursive: true });
}

async function report(version: string, roundTripMs: number, node: string): Promise<void> {
  const measured = await withRoundTrip(roundTripMs, (url) => measure(node, url, roundTripMs === 0));
  const findMeasurement = (name: string) => {
    const found = measured.find((measurement) => measurement.name === name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  const floor = findMeasurement(FLOOR);
  const distance = roundTripMs === 0 ? 'loopback' : `${roundTripMs} ms round trip`;
  const title = `Whole process, median of ${ROUNDS} paired runs, Node.js ${version}, ${distance}`;
  const text = `## ${title}\n\n${table(measured, floor)}\n\n${compareWallTimes(findMeasurement(SINGLE_MODULES), findMeasurement(HOST_MODULE))}\n`;
  console.log(`\n${text}`);
  const file = join(
    resultsDirectory,
    `node-${version}${roundTripMs === 0 ? '' : `-${roundTripMs}ms`}`,
  );
  await writeFile(`${file}.md`, text);
  await writeFile(`${file}.svg`, chart(`${title}: times the floor`, measured, floor));
}

/** Calls `work` with a URL of the emulator. Requests to this URL have the given round-trip time. */
async function withRoundTrip<T>(
  roundTripMs: number,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (roundTripMs === 0) return work(emulator.url);
  const relay = await startDelayingRelay(emulator.port, roundTripMs);
  try {
    return await work(emulator.url.replace(String(emulator.port), String(relay.port)));
  } finally {
    await relay.close();
  }
}

/** Runs every contender once per round, so that a slow minute affects all contenders equally. */
async function measure(node: string, url: string, isLoopback: boolean): Promise<Measurement[]> {
  const host = await emulator.enrol();
  const every = await makeContenders(emulator, url, host, directory);
  const all = every.filter(({ isLoopbackOnly }) => isLoopback || !isLoopbackOnly);
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
