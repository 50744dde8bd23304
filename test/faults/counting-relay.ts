import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A relay in front of a server on loopback that counts connections. */
export interface CountingRelay {
  readonly port: number;
  connectionCount: number;
  close(): void;
}

/** Starts a relay to a port on this host. */
export async function startRelay(targetPort: number): Promise<CountingRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    relay.connectionCount++;
    const target = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const relay = {
    port: (server.address() as AddressInfo).port,
    connectionCount: 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return relay;
}
