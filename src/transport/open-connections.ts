import Client from 'undici/lib/dispatcher/client.js';
import { LONGEST_TIMER_MS } from '../pause.ts';
import { type Connections, keepConnections } from './connections.ts';
import { openClient } from './open-client.ts';
import type { Destination } from './open-destination.ts';
import { tunnelThrough } from './tunnel.ts';

/** Connections to a destination, through its proxy if there is one, which gets the User-Agent given. */
export function openConnections(destination: Destination, userAgent: string): Connections {
  const { origin, proxy, newConnector, connectTimeoutMs: timeoutMs } = destination;
  const connect =
    proxy === undefined
      ? destination.connect
      : tunnelThrough(proxy, {
          userAgent,
          openClient: (toProxy) =>
            // The attempt gives up before, and says so better.
            openClient(Client, proxy.url, {
              connect: toProxy,
              headersTimeout: Math.min(2 * timeoutMs, LONGEST_TIMER_MS),
            }),
          // One for each, as each keeps the TLS sessions of its own side.
          connectToProxy: newConnector(),
          connectToTarget: newConnector(),
        });
  const connections = keepConnections(() => openClient(Client, origin, { connect }));
  return {
    ...connections,
    destroy() {
      destination.hangUp();
      connections.destroy();
    },
  };
}
