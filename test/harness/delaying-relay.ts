import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** Stands before a server on loopback as if that were far away. */
export interface DelayingRelay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a relay to a port on this host. What either side sends arrives half a round trip later, in
 * order; nothing waits for anything else. The system accepts connections at once, which at a distance
 * takes a round trip: what a client sends before that has passed counts as sent then.
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
    carry(client, target, roundTripMs / 2, connectedAt);
    carry(target, client, roundTripMs / 2);
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

/** Carries bytes, the end of them and a broken connection from one socket to another, each late. */
function carry(from: Socket, to: Socket, delayMs: number, notBefore = 0): void {
  // Timers of unlike length may overtake one another; what they deliver must not.
  const underWay: (() => void)[] = [];
  const send = (arrive: () => void) => {
    underWay.push(arrive);
    const left = Math.max(performance.now(), notBefore) + delayMs - performance.now();
    setTimeout(() => underWay.shift()?.(), left);
  };
  from.on('data', (chunk) => send(() => to.write(chunk)));
  from.on('end', () => send(() => to.end()));
  from.on('error', () => send(() => to.destroy()));
  from.on('close', () => send(() => to.destroySoon()));
}
