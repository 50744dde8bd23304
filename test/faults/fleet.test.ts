import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { runModule } from '../harness/executable.ts';
import { badServer } from './bad-server.ts';

/** More than two runs that wait equally long differ by on this machine. In ms. */
const NOTICEABLE_MS = 50;

let emulator: Emulator;
let host: EnrolledHost;
beforeAll(async () => {
  emulator = await startEmulator();
  host = await emulator.enrol();
});
afterAll(async () => {
  await emulator.close();
  await host.remove();
});

/** How long a run waits before each retry of what fails for a while, in ms. */
async function waits(): Promise<number[]> {
  const times: number[] = [];
  const server = await badServer((socket) => {
    times.push(performance.now());
    socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
  });
  const place = { agent_dir: host.agentDir, api_url: server.url };
  try {
    await runModule('jumpcloud_system', { ...place, display_name: 'web-1', timeout: 8 });
  } finally {
    server.close();
  }
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}

test('hosts that were refused together do not come back together', async () => {
  const [one = [], other = []] = await Promise.all([waits(), waits()]);
  const differences = one.slice(0, 4).map((wait, i) => Math.abs(wait - (other[i] ?? 0)));
  expect(differences).toHaveLength(4);
  expect(Math.max(...differences)).toBeGreaterThan(NOTICEABLE_MS);
});
