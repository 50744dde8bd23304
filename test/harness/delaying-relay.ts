import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** A relay that makes a server on loopback appear far away. */
export interface DelayingRelay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a relay to a port on this host. Each chunk arrives half a round trip later, in order and
 * independently of other chunks. The relay accepts a connection at once, but a distant server would
 * do so only after a round trip. Data that the client sends earlier is therefore delayed as if it
 * were sent after that round trip.
 */
export async function startDelayingRelay(to: number, roundTripMs: number): Promise<DelayingRelay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const connectedAt = performance.now() + roundTripMs;
    const target = connect({
      port: to,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    forward(client, target, roundTripMs / 2, connectedAt);
    forward(target, client, roundTripMs / 2);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Forwards data, end and errors from one socket to another, each with the delay. */
function forward(from: Socket, to: Socket, delayMs: number, notBefore = 0): void {
  // Timers of different lengths may overtake one another; events must stay in order.
  const queue: (() => void)[] = [];
  const send = (arrive: () => void) => {
    queue.push(arrive);
    const remaining = Math.max(performance.now(), notBefore) + delayMs - performance.now();
    setTimeout(() => queue.shift()?.(), remaining);
  };
  from.on('data', (chunk) => send(() => to.write(chunk)));
  from.on('end', () => send(() => to.end()));
  from.on('error', () => send(() => to.destroy()));
  from.on('close', () => send(() => to.destroySoon()));
}
