import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { issue, makeCa } from '../emulator/keys.ts';
import { runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';

/** In seconds, far longer than a retry takes. */
const REQUEST_TIMEOUT = 10;
/** The maximum time of a run, in seconds: it must not wait for the timeout. */
const SOON = 6;

const directory = mkdtempSync(join(tmpdir(), 'closed-'));
const caPath = join(directory, 'ca.pem');
let plain: Emulator;
let secure: Emulator;
let plainHost: EnrolledHost;
let secureHost: EnrolledHost;
let proxy: ConnectProxy;

test.beforeAll(async ({ startWith }) => {
  const ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  plain = await startWith();
  secure = await startWith({ tls: await issue(ca) });
  plainHost = await plain.enrol();
  secureHost = await secure.enrol();
  proxy = await startConnectProxy();
});
afterAll(() => {
  proxy.close();
  rmSync(directory, { recursive: true });
});

/** Starts a relay to a port of this host that closes the first connection with `close`. */
async function startClosingRelay(to: number, close: (socket: Socket) => void): Promise<Server> {
  let isFirst = true;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (isFirst) {
      isFirst = false;
      return close(socket);
    }
    const target = connect(to, '127.0.0.1').on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const plainTo = (port: number) => ({
  agent_dir: plainHost.agentDir,
  api_url: `http://127.0.0.1:${port}`,
});
const secureTo = (port: number) => ({
  agent_dir: secureHost.agentDir,
  api_url: `https://localhost:${port}`,
  ca_path: caPath,
});
const portOf = (url: string) => Number(new URL(url).port);

describe('a first connection that is closed at once', () => {
  const servers: [what: string, port: () => number, options: (port: number) => object][] = [
    ['a server', () => plain.port, plainTo],
    ['an https server', () => secure.port, secureTo],
    [
      'a server behind a proxy',
      () => secure.port,
      (port) => ({ ...secureTo(port), proxy: proxy.url }),
    ],
    [
      'a proxy',
      () => portOf(proxy.url),
      (port) => ({ ...secureTo(secure.port), proxy: `http://127.0.0.1:${port}` }),
    ],
  ];
  const ways: [how: string, close: (socket: Socket) => void][] = [
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['soon closes', (socket) => setTimeout(() => socket.end(), 3)],
  ];
  const rows = servers.flatMap(([what, port, options]) =>
    ways.map(([how, close]) => [what, how, port, options, close] as const),
  );
  test.each(rows)(
    'a run does not wait when %s %s the first connection',
    async (_what, _how, port, options, close) => {
      const server = await startClosingRelay(port(), close);
      const start = performance.now();
      const { answer } = await runModule('jumpcloud_system', {
        ...options((server.address() as AddressInfo).port),
        request_timeout: REQUEST_TIMEOUT,
        _ansible_verbosity: 2,
      });
      server.close();
      // A run that notices the close before it sends a request replaces the connection, and that
      // does not count as a retry.
      const { requests, retries } = answer['api'] as { requests: number; retries: number };
      expect([0, 1]).toContain(retries);
      expect(requests).toBe(1 + retries);
      expect(answer).toMatchObject({ changed: false });
      expect(answer.failed).toBeUndefined();
      expect((performance.now() - start) / 1000).toBeLessThan(SOON);
    },
  );
});
