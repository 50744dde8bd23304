import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsIdentity } from '../emulator/keys.ts';

/** An HTTP proxy on loopback that supports CONNECT and records its requests. */
export interface ConnectProxy {
  /** The URL of the proxy, without credentials. */
  readonly url: string;
  /** The CONNECT requests: target, credentials and user agent. */
  readonly connects: {
    readonly target: string;
    readonly authorization: string | undefined;
    readonly userAgent: string | undefined;
  }[];
  /** The answers to the next CONNECT requests, in order. A 2xx status opens a tunnel. */
  readonly answers: ProxyAnswer[];
  close(): void;
}

interface ProxyAnswer {
  readonly status: number;
  readonly headers?: string;
  /** Text to send before the status line. */
  readonly prefix?: string;
}

/**
 * Starts a proxy. With `credentials` (`user:password`), it refuses clients that do not send them.
 * With `tls`, clients connect to it over TLS. With `tunnelPort`, every tunnel leads to that local
 * port.
 */
export async function startConnectProxy(
  options: { credentials?: string; tls?: TlsIdentity; tunnelPort?: number } = {},
): Promise<ConnectProxy> {
  const sockets = new Set<Duplex>();
  const connects: ConnectProxy['connects'] = [];
  const answers: ProxyAnswer[] = [];
  const requiredAuthorization =
    options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`;

  const onConnect = (request: IncomingMessage, client: Duplex) => {
    const target = request.url ?? '';
    const authorization = request.headers['proxy-authorization'];
    connects.push({ target, authorization, userAgent: request.headers['user-agent'] });
    client.on('error', () => {});
    const defaultAnswer: ProxyAnswer = {
      status: requiredAuthorization && requiredAuthorization !== authorization ? 407 : 200,
    };
    const { status, headers = '', prefix = '' } = answers.shift() ?? defaultAnswer;
    client.write(prefix);
    if (status >= 300) {
      client.end(`HTTP/1.1 ${status} No\r\n${headers}content-length: 0\r\n\r\n`);
      return;
    }
    const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
    const [toPort, toHost] =
      options.tunnelPort === undefined ? [Number(port), host] : [options.tunnelPort, '127.0.0.1'];
    const server = connect(toPort, toHost, () => {
      client.write(`HTTP/1.1 ${status} Connection Established\r\n\r\n`);
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
    client.on('close', () => server.destroy());
    sockets.add(server);
  };
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  server.on('connect', onConnect);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    connects,
    answers,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
