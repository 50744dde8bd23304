import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy on loopback that opens tunnels (CONNECT). */
export interface TunnelProxy {
  readonly url: string;
  /** The targets of all CONNECT requests, as host:port, in order. */
  readonly opened: readonly string[];
  /** The user and password of each CONNECT request that has them. */
  readonly credentials: readonly string[];
  close(): Promise<void>;
}

export async function startTunnelProxy(): Promise<TunnelProxy> {
  const opened: string[] = [];
  const credentials: string[] = [];
  const server = createServer().on('connect', (request, socket: Socket) => {
    opened.push(request.url ?? '');
    const [, encoded] = request.headers['proxy-authorization']?.split(' ') ?? [];
    if (encoded !== undefined) credentials.push(Buffer.from(encoded, 'base64').toString());
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened,
    credentials,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
