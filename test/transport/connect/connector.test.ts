import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AddressRotation } from '../../../src/transport/connect/address-rotation.ts';
import { Connector } from '../../../src/transport/connect/connector.ts';
import { Resolver } from '../../../src/transport/connect/dns.ts';
import { issue, makeCa, type TlsIdentity } from '../../emulator/keys.ts';

function connectorTo(isSecure: boolean, port: number, trusted?: string): Connector {
  const resolver = new Resolver(() => 5000);
  const rotation = new AddressRotation(5000);
  return new Connector(
    { isSecure, hostname: '127.0.0.1', port },
    { resolver, rotation, ca: trusted },
  );
}

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
  let connector: Connector;

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
    connector.destroy();
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  function preconnect(count: number): void {
    connector = connectorTo(protocol === 'https:', port, ca.cert);
    connector.preconnect(count);
  }

  function begin(count: number): void {
    preconnect(count);
    connector.startTls(tls);
  }

  /** Asks for a connection: its number among those that the server accepted, from 1, or the error. */
  async function take(): Promise<number | Error> {
    let socket: Socket;
    try {
      socket = await connector.connect();
    } catch (error) {
      return error as Error;
    }
    const at = socket.localPort;
    const number = () => accepted.findIndex(({ remotePort }) => remotePort === at) + 1;
    socket.on('error', () => {});
    await vi.waitFor(() => expect(number()).toBeGreaterThan(0));
    socket.destroy();
    return number();
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
    preconnect(1);
    await vi.waitFor(() => expect(raw).toHaveLength(1));
    for (const socket of raw) close(socket);
    await new Promise((resolve) => setTimeout(resolve, 100));
    accepted = [];
    connector.startTls(tls);
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
    connector.destroy();
    await Promise.all(ends);
  });
});

test('a certificate that is not trusted is the failure of the first request that asks', async () => {
  const server = tls.createServer(certificate);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connector = connectorTo(true, port);
  connector.preconnect(1);
  connector.startTls(tls);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const failure = expect.objectContaining({ code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) });
  await expect(connector.connect()).rejects.toEqual(failure);
  server.close();
});

test('an early connection that no request asks for is closed at the end', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connector = connectorTo(false, port);
  connector.preconnect(1);
  const [socket] = (await once(server, 'connection')) as [Socket];
  connector.destroy();
  await once(socket.resume(), 'end');
  server.close();
});
