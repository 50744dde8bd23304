import Client from 'undici/lib/dispatcher/client.js';
import { LONGEST_TIMER_MS } from '../pause.ts';
import { type Connections, keepConnections } from './connections.ts';
import { connector } from './connector.ts';
import { openClient } from './open-client.ts';
import type { Destination } from './open-destination.ts';
import { tunnelThrough } from './tunnel.ts';

/** Connections to a destination, through its proxy if there is one. */
export function openConnections(destination: Destination): Connections {
  const { origin, proxy, ca, first, connectTimeoutMs: timeoutMs } = destination;
  // One for each, as each keeps the TLS sessions of its own side.
  const connectorTo = () => connector({ ca, dial: first.dial, timeoutMs });
  const connect =
    proxy === undefined
      ? connectorTo()
      : tunnelThrough(proxy, {
          openClient: (toProxy) =>
            // The attempt gives up before, and says so better.
            openClient(Client, proxy.url, {
              connect: toProxy,
              headersTimeout: Math.min(2 * timeoutMs, LONGEST_TIMER_MS),
            }),
          connectToProxy: connectorTo(),
          connectToTarget: connectorTo(),
        });
  const connections = keepConnections(() => openClient(Client, origin, { connect }));
  return {
    ...connections,
    destroy() {
      first.destroy();
      connections.destroy();
    },
  };
}
