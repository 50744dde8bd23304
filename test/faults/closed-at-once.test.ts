import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../emulator/keys.ts';
import { runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';

/** The request timeout in seconds, far longer than a retry takes. */
const REQUEST_TIMEOUT_S = 10;
/** The maximum duration of a run in seconds, shorter than the request timeout. */
const MAX_RUN_S = 6;

const directory = mkdtempSync(join(tmpdir(), 'closed-'));
const caPath = join(directory, 'ca.pem');
let httpEmulator: Emulator;
let httpsEmulator: Emulator;
let httpHost: EnrolledHost;
let httpsHost: EnrolledHost;
let proxy: ConnectProxy;

test.beforeAll(async ({ startWith }) => {
  const ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  httpEmulator = await startWith();
  httpsEmulator = await startWith({ tls: await issueServerCertificate(ca) });
  httpHost = await httpEmulator.enrol();
  httpsHost = await httpsEmulator.enrol();
  proxy = await startConnectProxy();
});
afterAll(() => {
  proxy.close();
  rmSync(directory, { recursive: true });
});

/**
 * Starts a relay that forwards connections to a port of this host. It closes the first connection
 * by calling `close`.
 */
async function startClosingRelay(
  targetPort: number,
  close: (socket: Socket) => void,
): Promise<Server> {
  let isFirst = true;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (isFirst) {
      isFirst = false;
      return close(socket);
    }
    const target = connect(targetPort, '127.0.0.1').on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const httpOptions = (port: number) => ({
  agent_dir: httpHost.agentDir,
  api_url: `http://127.0.0.1:${port}`,
});
const httpsOptions = (port: number) => ({
  agent_dir: httpsHost.agentDir,
  api_url: `https://localhost:${port}`,
  ca_path: caPath,
});
const portOf = (url: string) => Number(new URL(url).port);

describe('a first connection that is closed at once', () => {
  const servers: [what: string, port: () => number, options: (port: number) => object][] = [
    ['an http server', () => httpEmulator.port, httpOptions],
    ['an https server', () => httpsEmulator.port, httpsOptions],
    [
      'a server behind a proxy',
      () => httpsEmulator.port,
      (port) => ({ ...httpsOptions(port), proxy: proxy.url }),
    ],
    [
      'a proxy',
      () => portOf(proxy.url),
      (port) => ({ ...httpsOptions(httpsEmulator.port), proxy: `http://127.0.0.1:${port}` }),
    ],
  ];
  const ways: [how: string, close: (socket: Socket) => void][] = [
    ['closes the first connection', (socket) => socket.end()],
    ['resets the first connection', (socket) => socket.resetAndDestroy()],
    ['closes the first connection after 3 ms', (socket) => setTimeout(() => socket.end(), 3)],
  ];
  const rows = servers.flatMap(([what, port, options]) =>
    ways.map(([how, close]) => [what, how, port, options, close] as const),
  );
  test.each(rows)(
    'a run reconnects at once when %s %s',
    async (_what, _how, port, options, close) => {
      const server = await startClosingRelay(port(), close);
      const start = performance.now();
      const { answer } = await runModule('jumpcloud_system', {
        ...options((server.address() as AddressInfo).port),
        request_timeout: REQUEST_TIMEOUT_S,
        _ansible_verbosity: 2,
      });
      server.close();
      // A run that notices the close before it sends a request replaces the connection. The
      // replacement does not count as a retry.
      const { requests, retries } = answer['api'] as { requests: number; retries: number };
      expect([0, 1]).toContain(retries);
      expect(requests).toBe(1 + retries);
      expect(answer).toMatchObject({ changed: false });
      expect(answer.failed).toBeUndefined();
      expect((performance.now() - start) / 1000).toBeLessThan(MAX_RUN_S);
    },
  );
});
