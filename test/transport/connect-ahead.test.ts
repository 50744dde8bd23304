import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AddressRotation } from '../../src/transport/address-rotation.ts';
import { connectAhead } from '../../src/transport/connect-ahead.ts';
import { type Connector, connector } from '../../src/transport/connector.ts';
import { type AheadDialler, dialAhead } from '../../src/transport/dial-ahead.ts';
import { dialler } from '../../src/transport/dialler.ts';
import { issue, makeCa, type TlsIdentity } from '../emulator/keys.ts';

let ca: TlsIdentity;
let certificate: TlsIdentity;
beforeAll(async () => {
  ca = await makeCa();
  certificate = await issue(ca);
});

describe.each(['http:', 'https:'])('%s', (protocol) => {
  let server: Server;
  let port: number;
  let accepted: Socket[];
  /** What these go over. */
  let raw: Socket[];
  let dialled: AheadDialler;
  let ahead: Connector;

  beforeEach(async () => {
    accepted = [];
    raw = [];
    const accept = (socket: Socket) => {
      accepted.push(socket.on('error', () => {}));
    };
    server =
      protocol === 'https:'
        ? tls.createServer(certificate).on('secureConnection', accept)
        : createServer(accept);
    server.on('connection', (socket) => raw.push(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    vi.restoreAllMocks();
    dialled.destroy();
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  const target = () => ({ protocol, hostname: '127.0.0.1', port: String(port) });

  function dialFirst(count: number): void {
    const dial = dialler(() => {
      throw new Error('an address is not looked up');
    }, new AddressRotation(5000));
    dialled = dialAhead(dial, '127.0.0.1', port, count);
  }

  function begin(count: number): void {
    dialFirst(count);
    thenConnect(count);
  }

  function thenConnect(count: number): void {
    const connect = connector({ tls, ca: ca.cert, dial: dialled.dial, timeoutMs: 5000 });
    ahead = connectAhead(connect, target(), count);
  }

  /** Asks for a connection: its number among those that the server accepted, from 1, or the error. */
  function take(): Promise<number | Error> {
    return new Promise((resolve) => {
      ahead(target(), (error, socket) => {
        if (error) return resolve(error);
        const at = socket?.localPort;
        const number = () => accepted.findIndex(({ remotePort }) => remotePort === at) + 1;
        socket?.on('error', () => {});
        vi.waitFor(() => expect(number()).toBeGreaterThan(0)).then(() => {
          resolve(number());
          socket?.destroy();
        });
      });
    });
  }

  test('connections are begun at once, and given to those who ask, then new ones', async () => {
    begin(2);
    await vi.waitFor(() => expect(accepted).toHaveLength(2));
    expect((await Promise.all([take(), take()])).sort()).toEqual([1, 2]);
    expect(await take()).toBe(3);
  });

  test('one that is still on its way is waited for', async () => {
    begin(1);
    expect(await take()).toBe(1);
    expect(accepted).toHaveLength(1);
  });

  test('one that failed is the failure of the first who asks, and of nobody else', async () => {
    server.close();
    begin(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.listen(port, '127.0.0.1');
    expect(await take()).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await take()).toBe(1);
  });

  test.each([
    ['closed', () => accepted.map((socket) => socket.end())],
    ['reset', () => raw.map((socket) => socket.resetAndDestroy())],
  ])('one that was %s since is made anew, once', async (_, close) => {
    begin(1);
    await vi.waitFor(() => expect(accepted).toHaveLength(1));
    close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await take()).toBe(2);
  });

  test.each([
    ['closed', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('one that was %s before anything was sent over it is dialled anew', async (_, close) => {
    dialFirst(1);
    await vi.waitFor(() => expect(raw).toHaveLength(1));
    for (const socket of raw) close(socket);
    await new Promise((resolve) => setTimeout(resolve, 100));
    accepted = [];
    thenConnect(1);
    expect(await take()).toBe(1);
    expect(raw).toHaveLength(2);
  });

  test('one that nobody asked for in five seconds is made anew', async () => {
    begin(1);
    await vi.waitFor(() => expect(accepted).toHaveLength(1));
    // What the server knows already may take a moment to come.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const later = process.hrtime.bigint() + 6_000_000_000n;
    vi.spyOn(process.hrtime, 'bigint').mockReturnValue(later);
    expect(await take()).toBe(2);
  });

  test('what nobody asked for is closed at the end', async () => {
    begin(2);
    await vi.waitFor(() => expect(accepted).toHaveLength(2));
    const ends = accepted.map((socket) => once(socket.resume(), 'close'));
    dialled.destroy();
    await Promise.all(ends);
  });
});

test('a certificate that is not trusted is the failure of the first who asks', async () => {
  const server = tls.createServer(certificate);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = dialler(() => {}, new AddressRotation(5000));
  const connect = connector({ tls, ca: undefined, dial, timeoutMs: 5000 });
  const target = { protocol: 'https:', hostname: '127.0.0.1', port: String(port) };
  const ahead = connectAhead(connect, target, 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const failure = await new Promise((resolve) => {
    ahead(target, (...[error]) => resolve(error));
  });
  server.close();
  expect(failure).toMatchObject({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) });
});

test('a connection that was dialled and is asked for by nobody is closed', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const dialled = dialAhead(
    dialler(() => {}, new AddressRotation(5000)),
    '127.0.0.1',
    port,
    1,
  );
  const [socket] = (await once(server, 'connection')) as [Socket];
  dialled.destroy();
  await once(socket.resume(), 'end');
  server.close();
});
