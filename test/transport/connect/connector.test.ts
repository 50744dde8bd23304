import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AddressRotation } from '../../../src/transport/connect/address-rotation.ts';
import { Connector } from '../../../src/transport/connect/connector.ts';
import { DnsResolver } from '../../../src/transport/connect/dns.ts';
import { issueServerCertificate, makeCa, type TlsIdentity } from '../../emulator/keys.ts';

function connectorTo(isSecure: boolean, port: number, trusted?: string): Connector {
  const resolver = new DnsResolver(() => 5000);
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
  certificate = await issueServerCertificate(ca);
});

describe.each(['http:', 'https:'])('Connector over %s', (protocol) => {
  let server: Server;
  let port: number;
  let accepted: Socket[];
  /** The TCP sockets that carry the TLS connections in `accepted`. */
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

  function preconnectTls(count: number): void {
    preconnect(count);
    connector.startTls(tls);
  }

  /** Connects. Returns the position of the connection in the order of acceptance, or the error. */
  async function connect(): Promise<number | Error> {
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

  test('early connections are opened before the first call of connect, and used before new connections', async () => {
    preconnectTls(2);
    await vi.waitFor(() => expect(accepted).toHaveLength(2));
    expect((await Promise.all([connect(), connect()])).sort()).toEqual([1, 2]);
    expect(await connect()).toBe(3);
  });

  test('connect waits for an early connection that is still being opened', async () => {
    preconnectTls(1);
    expect(await connect()).toBe(1);
    expect(accepted).toHaveLength(1);
  });

  test('an early connection that fails causes only the first call of connect to fail', async () => {
    server.close();
    preconnectTls(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.listen(port, '127.0.0.1');
    expect(await connect()).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await connect()).toBe(1);
  });

  test.each([
    ['closed', () => accepted.map((socket) => socket.end())],
    ['reset', () => raw.map((socket) => socket.resetAndDestroy())],
  ])(
    'connect replaces an early connection that the server %s after the handshake',
    async (_, close) => {
      preconnectTls(1);
      await vi.waitFor(() => expect(accepted).toHaveLength(1));
      close();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await connect()).toBe(2);
    },
  );

  test.each([
    ['closed', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('connect replaces an early connection that was %s before its handshake', async (_, close) => {
    preconnect(1);
    await vi.waitFor(() => expect(raw).toHaveLength(1));
    for (const socket of raw) close(socket);
    await new Promise((resolve) => setTimeout(resolve, 100));
    accepted = [];
    connector.startTls(tls);
    expect(await connect()).toBe(1);
    expect(raw).toHaveLength(2);
  });

  test('an early connection that was idle for six seconds is replaced', async () => {
    preconnectTls(1);
    await vi.waitFor(() => expect(accepted).toHaveLength(1));
    // The server may accept the connection before the client knows that it is open.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const later = process.hrtime.bigint() + 6_000_000_000n;
    vi.spyOn(process.hrtime, 'bigint').mockReturnValue(later);
    expect(await connect()).toBe(2);
  });

  test('destroy closes the unused connections that were opened early', async () => {
    preconnectTls(2);
    await vi.waitFor(() => expect(accepted).toHaveLength(2));
    const ends = accepted.map((socket) => once(socket.resume(), 'close'));
    connector.destroy();
    await Promise.all(ends);
  });
});

test('the first connect fails with the certificate error of an early connection', async () => {
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

test('destroy closes an early connection whose TLS handshake has not started', async () => {
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
