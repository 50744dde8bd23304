import { expect } from 'vitest';
import { type TestHost, test } from '../harness/fixture.ts';

/** More than two runs that wait equally long differ by on this machine. In ms. */
const NOTICEABLE_MS = 50;

/** How long a run of a host waits before each retry of what fails for a while, in ms. */
async function waits(host: TestHost): Promise<number[]> {
  host.hit({ kind: 'status', status: 503 }, { times: Infinity });
  await host.run('jumpcloud_system', { display_name: 'web-1', timeout: 8 });
  const times = host.requests().map(({ startedAt }) => startedAt);
  return times.slice(1).map((time, i) => time - (times[i] ?? 0));
}

test('hosts that were refused together do not come back together', async ({ enrol }) => {
  const hosts = [await enrol(), await enrol()];
  const [one = [], other = []] = await Promise.all(hosts.map(waits));
  const differences = one.slice(0, 4).map((wait, i) => Math.abs(wait - (other[i] ?? 0)));
  expect(differences).toHaveLength(4);
  expect(Math.max(...differences)).toBeGreaterThan(NOTICEABLE_MS);
});
