import { expect } from 'vitest';
import { type TestHost, test } from '../harness/fixture.ts';

/** The largest difference between equal delays on a busy machine, in ms. */
const JITTER_OF_MACHINE_MS = 50;

/** Measures the delay before each retry of a run of a host, in ms. */
async function measureRetryDelays(host: TestHost): Promise<number[]> {
  host.hit({ kind: 'status', status: 503 }, { times: Infinity });
  await host.run('jumpcloud_system', { display_name: 'web-1', timeout: 8 });
  const times = host.requests().map(({ startedAt }) => startedAt);
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}

test('hosts that fail at the same time retry at different times', async ({ enrol }) => {
  const hosts = [await enrol(), await enrol()];
  const [delays = [], otherDelays = []] = await Promise.all(hosts.map(measureRetryDelays));
  const differences = delays.slice(0, 4).map((delay, i) => Math.abs(delay - (otherDelays[i] ?? 0)));
  expect(differences).toHaveLength(4);
  expect(Math.max(...differences)).toBeGreaterThan(JITTER_OF_MACHINE_MS);
});
