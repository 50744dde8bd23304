import { expect } from 'vitest';
import { type TestHost, test } from '../harness/fixture.ts';

/** The maximum difference between two runs with equal delays on a busy machine, in ms. */
const NOTICEABLE_MS = 50;

/** Measures the delay before each retry of a run of a host, in ms. */
async function retryDelays(host: TestHost): Promise<number[]> {
  host.hit({ kind: 'status', status: 503 }, { times: Infinity });
  await host.run('jumpcloud_system', { display_name: 'web-1', timeout: 8 });
  const times = host.requests().map(({ startedAt }) => startedAt);
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}

test('hosts that fail at the same time retry at different times', async ({ enrol }) => {
  const hosts = [await enrol(), await enrol()];
  const [one = [], other = []] = await Promise.all(hosts.map(retryDelays));
  const differences = one.slice(0, 4).map((delay, i) => Math.abs(delay - (other[i] ?? 0)));
  expect(differences).toHaveLength(4);
  expect(Math.max(...differences)).toBeGreaterThan(NOTICEABLE_MS);
});
