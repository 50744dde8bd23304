import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { issueServerCertificate, makeCa, type TlsIdentity } from '../emulator/keys.ts';
import type { ModuleName } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { openHangingPort } from './bad-server.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { makeResolverHost, type ResolverCall, type TimedRun } from './resolver-host.ts';

const JUMPCLOUD = 'console.jumpcloud.com';
const SEARCH_LINE = 'search a.example b.example c.example';
/** The maximum time to start and end a process on a busy machine, in seconds. */
const PROCESS_OVERHEAD_S = 2;

const directory = mkdtempSync(join(tmpdir(), 'names-'));
const caPath = join(directory, 'ca.pem');
const servers: NameServer[] = [];
let emulator: Emulator;
let host: EnrolledHost;
let identity: TlsIdentity;

test.beforeAll(async ({ startWith }) => {
  const ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  const names = `DNS:${JUMPCLOUD},DNS:jump,DNS:jump.office`;
  identity = await issueServerCertificate(ca, { names });
  emulator = await startWith({ tls: identity });
  host = await emulator.enrol();
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});
beforeEach(({ skip }) => {
  const resolver = makeResolverHost('');
  if (resolver === undefined) skip('this machine does not permit mount namespaces');
  resolver?.remove();
});

/** Starts a name server at 127.53.`group`.`last`. If `known` is undefined, it never answers. */
async function startServer(
  group: number,
  last: number,
  known?: Record<string, string | readonly string[]>,
) {
  const server = await startNameServer(`127.53.${group}.${last}`, known);
  servers.push(server);
  return server;
}

/** Runs a module on a host that uses the given name servers. */
async function run(
  nameServers: readonly NameServer[],
  options: Record<string, unknown>,
  {
    module = 'jumpcloud_system',
    search = '',
    ...call
  }: { module?: ModuleName; search?: string } & ResolverCall = {},
): Promise<TimedRun> {
  const lines = nameServers.map(({ address }) => `nameserver ${address}`);
  const resolver = makeResolverHost([...lines, search, ''].join('\n'));
  if (resolver === undefined) return expect.unreachable();
  const hostOptions = { agent_dir: host.agentDir, ca_path: caPath, _ansible_verbosity: 2 };
  return resolver.run(module, { ...hostOptions, ...options }, call).finally(resolver.remove);
}

describe('name servers that do not answer', () => {
  const rows: [what: string, servers: number, search: string, url?: string, timeout?: number][] = [
    ['one server', 1, ''],
    ['two servers', 2, ''],
    ['three servers', 3, ''],
    ['three servers and search domains', 3, SEARCH_LINE],
    ['two servers and another api_url', 2, SEARCH_LINE, 'https://jump.office'],
    ['three servers, another api_url and timeout 6', 3, SEARCH_LINE, 'https://jump.office', 6],
    ['three servers, another api_url and timeout 10', 3, SEARCH_LINE, 'https://jump.office', 10],
  ];
  test.concurrent.each(rows)(
    'a run ends within its timeout when no name server answers: %s',
    async (what, count, search, api_url, timeout = 3) => {
      const group = rows.findIndex(([name]) => name === what);
      const silentServers = await Promise.all(
        [1, 2, 3].slice(0, count).map((last) => startServer(group, last)),
      );
      const options = { timeout, ...(api_url && { api_url }) };
      const { answer, seconds } = await run(silentServers, options, { search });
      expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
      expect(answer.msg).toMatch(/the name server did not answer|no connection within/);
      expect(silentServers[0]?.queriedNames).toContain(api_url ? 'jump.office' : JUMPCLOUD);
      expect(seconds).toBeLessThan(timeout + 1 + PROCESS_OVERHEAD_S);
    },
  );

  test('a run with silent name servers ends soon after SIGTERM', async () => {
    const silentServers = await Promise.all([1, 2, 3].map((last) => startServer(20, last)));
    const { answer, seconds } = await run(
      silentServers,
      {},
      { search: SEARCH_LINE, killAfterMs: 1500 },
    );
    expect(answer).toMatchObject({ failed: true, error: { code: 'interrupted' } });
    expect(seconds).toBeLessThan(5 + PROCESS_OVERHEAD_S);
  });
});

describe('name resolution', () => {
  const known = {
    [JUMPCLOUD]: '127.0.0.1',
    'jump.b.example': '127.0.0.1',
    'jump.office.c.example': '127.0.0.1',
  };
  const rows: [name: string, group: number, queries: string[]][] = [
    [JUMPCLOUD, 30, [JUMPCLOUD]],
    ['jump', 31, ['jump.a.example', 'jump.b.example']],
    [
      'jump.office',
      32,
      ['jump.office', 'jump.office.a.example', 'jump.office.b.example', 'jump.office.c.example'],
    ],
  ];
  test.each(rows)(
    'a run resolves the name %s and tries search domains only if necessary',
    async (name, group, queries) => {
      const server = await startServer(group, 1, known);
      const api_url = `https://${name}:${emulator.port}`;
      const { answer } = await run([server], { api_url }, { search: SEARCH_LINE });
      expect(answer).toMatchObject({ changed: false, api: { requests: 1, retries: 0 } });
      expect([...new Set(server.queriedNames)]).toEqual(queries);
    },
  );

  test('the second name server resolves a name if the first does not answer', async () => {
    const silentServers = await startServer(33, 1);
    const server = await startServer(33, 2, known);
    const api_url = `https://${JUMPCLOUD}:${emulator.port}`;
    const { answer } = await run([silentServers, server], { api_url });
    expect(answer).toMatchObject({ changed: false, api: { requests: 1, retries: 0 } });
  });

  test('parallel requests share one name lookup', async () => {
    const server = await startServer(34, 1, known);
    const api_url = `https://${JUMPCLOUD}:${emulator.port}`;
    const { answer } = await run([server], { api_url }, { module: 'jumpcloud_system_info' });
    expect(answer).toMatchObject({ enrolled: true, api: { requests: 7, retries: 0 } });
    // A lookup sends one question for IPv4 addresses and one for IPv6 addresses.
    expect(server.queriedNames).toEqual([JUMPCLOUD, JUMPCLOUD]);
  });

  test('a run fails with ENOTFOUND instead of a timeout if the name does not exist', async () => {
    const server = await startServer(35, 1, {});
    const { answer, seconds } = await run([server], { timeout: 1 }, { search: SEARCH_LINE });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'unavailable', reason: 'ENOTFOUND' },
    });
    expect(new Set(server.queriedNames)).toEqual(new Set([JUMPCLOUD]));
    expect(seconds).toBeLessThan(2 + PROCESS_OVERHEAD_S);
  });
});

/** Creates a server that relays connections to a port of 127.0.0.1. */
function createRelay(port: number): Server {
  return createServer((socket) => {
    const target = connect(port, '127.0.0.1').on('error', () => socket.destroy());
    socket.on('error', () => target.destroy()).on('close', () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
}

describe('a name with five addresses', () => {
  type StartUnusable = (
    addresses: readonly string[],
    port: number,
  ) => Promise<{ close(): unknown }>;

  const startOnEach =
    (start: () => Server): StartUnusable =>
    async (addresses, port) => {
      const openServers = addresses.map((address) => start().listen(port, address));
      await Promise.all(openServers.map((server) => once(server, 'listening')));
      return { close: () => openServers.map((server) => server.close()) };
    };
  const rows: [how: string, startUnusable: StartUnusable, attempts: number][] = [
    ['answer no packet', openHangingPort, 2],
    ['accept connections but send nothing', startOnEach(() => createServer(() => {})), 5],
    ['close every connection', startOnEach(() => createServer((socket) => socket.end())), 5],
    ['send nothing after the handshake', startOnEach(() => createTlsServer(identity, () => {})), 5],
  ];
  const calls = [
    ...rows.map((row) => ['jumpcloud_system', ...row] as const),
    // jumpcloud_system_info makes seven parallel reads.
    ...rows.slice(0, 2).map((row) => ['jumpcloud_system_info', ...row] as const),
  ].map((row, i) => [...row, 40 + i] as const);
  test.concurrent.each(calls)(
    '%s reaches the fifth address if the first four %s',
    async (module, _how, startUnusable, attempts, group) => {
      const addresses = [1, 2, 3, 4, 5].map((last) => `127.53.${group}.${last}`);
      const relay = createRelay(emulator.port).listen(0, addresses.at(-1));
      await once(relay, 'listening');
      const { port } = relay.address() as AddressInfo;
      const unusable = await startUnusable(addresses.slice(0, 4), port);
      const server = await startServer(group, 6, { [JUMPCLOUD]: addresses });
      const options = { api_url: `https://${JUMPCLOUD}:${port}`, request_timeout: 1, timeout: 30 };
      const { answer } = await run([server], options, { module });
      relay.close();
      unusable.close();
      expect(answer.failed, answer.msg).toBeUndefined();
      const { requests } = answer['api'] as { requests: number };
      // On a busy machine, a request to the fifth address may time out once.
      if (module === 'jumpcloud_system') expect(requests).toBeLessThanOrEqual(attempts + 1);
    },
    60_000,
  );
});
