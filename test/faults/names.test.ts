import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { issue, makeCa } from '../emulator/keys.ts';
import type { ModuleName } from '../harness/executable.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { type CallOfResolver, ownResolver, type TimedRun } from './own-resolver.ts';

const JUMPCLOUD = 'console.jumpcloud.com';
const SEARCH = 'search a.example b.example c.example';
/** What starting and ending a process may take on a busy machine, in seconds. */
const START_S = 2;

const folder = mkdtempSync(join(tmpdir(), 'names-'));
const caPath = join(folder, 'ca.pem');
const servers: NameServer[] = [];
let emulator: Emulator;
let host: EnrolledHost;

beforeAll(async () => {
  const ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  const names = `DNS:${JUMPCLOUD},DNS:jump,DNS:jump.office`;
  emulator = await startEmulator({ tls: await issue(ca, { names }) });
  host = await emulator.enrol();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await emulator.close();
  await host.remove();
  rmSync(folder, { recursive: true });
});
beforeEach((context) => {
  const resolver = ownResolver('');
  if (resolver === undefined) context.skip('this machine lets no test have mounts of its own');
  resolver?.remove();
});

/** A name server at 127.53.`group`.`last`, which knows nobody unless told. */
async function nameServer(group: number, last: number, known?: Record<string, string>) {
  const server = await startNameServer(`127.53.${group}.${last}`, known);
  servers.push(server);
  return server;
}

/** Runs a module on a host with these name servers. */
async function run(
  given: readonly NameServer[],
  options: Record<string, unknown>,
  {
    module = 'jumpcloud_system',
    search = '',
    ...call
  }: { module?: ModuleName; search?: string } & CallOfResolver = {},
): Promise<TimedRun> {
  const lines = given.map(({ address }) => `nameserver ${address}`);
  const resolver = ownResolver([...lines, search, ''].join('\n'));
  if (resolver === undefined) return expect.unreachable();
  const place = { agent_dir: host.agentDir, ca_path: caPath, _ansible_verbosity: 2 };
  return resolver.run(module, { ...place, ...options }, call).finally(resolver.remove);
}

describe('name servers that do not answer hold no process beyond its time', () => {
  const rows: [what: string, servers: number, search: string, url?: string, timeout?: number][] = [
    ['one', 1, ''],
    ['two', 2, ''],
    ['three', 3, ''],
    ['three, and domains to search', 3, SEARCH],
    ['two, asked for a name of another', 2, SEARCH, 'https://jump.office'],
    ['three, asked for a name of another, timeout 6', 3, SEARCH, 'https://jump.office', 6],
    ['three, asked for a name of another, timeout 10', 3, SEARCH, 'https://jump.office', 10],
  ];
  test.concurrent.each(rows)('%s', async (what, count, search, api_url, timeout = 3) => {
    const group = rows.findIndex(([name]) => name === what);
    const dead = await Promise.all(
      [1, 2, 3].slice(0, count).map((last) => nameServer(group, last)),
    );
    const options = { timeout, ...(api_url && { api_url }) };
    const { answer, seconds } = await run(dead, options, { search });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
    expect(answer.msg).toMatch(/the name server did not answer|no connection within/);
    expect(dead[0]?.asked).toContain(api_url ? 'jump.office' : JUMPCLOUD);
    expect(seconds).toBeLessThan(timeout + 1 + START_S);
  });

  test('nor one that is told to end', async () => {
    const dead = await Promise.all([1, 2, 3].map((last) => nameServer(20, last)));
    const { answer, seconds } = await run(dead, {}, { search: SEARCH, killAfterMs: 1500 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'interrupted' } });
    expect(seconds).toBeLessThan(5 + START_S);
  });
});

describe('names are still resolved', () => {
  const known = {
    [JUMPCLOUD]: '127.0.0.1',
    'jump.b.example': '127.0.0.1',
    'jump.office.c.example': '127.0.0.1',
  };
  const rows: [name: string, group: number, asked: string[]][] = [
    [JUMPCLOUD, 30, [JUMPCLOUD]],
    ['jump', 31, ['jump.a.example', 'jump.b.example']],
    [
      'jump.office',
      32,
      ['jump.office', 'jump.office.a.example', 'jump.office.b.example', 'jump.office.c.example'],
    ],
  ];
  test.each(rows)('%s', async (name, group, asked) => {
    const server = await nameServer(group, 1, known);
    const api_url = `https://${name}:${emulator.port}`;
    const { answer } = await run([server], { api_url }, { search: SEARCH });
    expect(answer).toMatchObject({ changed: false, api: { requests: 1, retries: 0 } });
    expect([...new Set(server.asked)]).toEqual(asked);
  });

  test('by the second server when the first is dead', async () => {
    const dead = await nameServer(33, 1);
    const server = await nameServer(33, 2, known);
    const api_url = `https://${JUMPCLOUD}:${emulator.port}`;
    const { answer } = await run([dead, server], { api_url });
    expect(answer).toMatchObject({ changed: false, api: { requests: 1, retries: 0 } });
  });

  test('once for requests at the same time', async () => {
    const server = await nameServer(34, 1, known);
    const api_url = `https://${JUMPCLOUD}:${emulator.port}`;
    const { answer } = await run([server], { api_url }, { module: 'jumpcloud_system_info' });
    expect(answer).toMatchObject({ enrolled: true, api: { requests: 7, retries: 0 } });
    // Its IPv4 addresses, and its IPv6 addresses.
    expect(server.asked).toEqual([JUMPCLOUD, JUMPCLOUD]);
  });

  test('not at all when a name does not exist, and that is not taken for a dead server', async () => {
    const server = await nameServer(35, 1, {});
    const { answer, seconds } = await run([server], { timeout: 1 }, { search: SEARCH });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'unavailable', reason: 'ENOTFOUND' },
    });
    expect(new Set(server.asked)).toEqual(new Set([JUMPCLOUD]));
    expect(seconds).toBeLessThan(2 + START_S);
  });
});
