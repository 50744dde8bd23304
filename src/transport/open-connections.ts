import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import Client from 'undici/lib/dispatcher/client.js';
import { LONGEST_TIMER_MS } from '../pause.ts';
import { type Connections, keepConnections } from './connections.ts';
import type { Connector } from './connector.ts';
import { openClient } from './open-client.ts';
import type { Destination } from './open-destination.ts';
import { tunnelThrough } from './tunnel.ts';

/** Connections to one server. */
export interface ServerConnections extends Connections {
  /** Returns the certificate of the latest connection; undefined over plain http. */
  certificate(): X509Certificate | undefined;
}

/** Connections to a destination, through its proxy if there is one, which gets the User-Agent given. */
export function openConnections(destination: Destination, userAgent: string): ServerConnections {
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
  let certificate: X509Certificate | undefined;
  const connectAndRemember: Connector = (target, done) =>
    connect(target, (...result) => {
      // It cannot be asked for once the connection is closed.
      certificate = (result[1] as TLSSocket | null)?.getPeerX509Certificate?.() ?? certificate;
      done(...result);
    });
  const connections = keepConnections(() =>
    openClient(Client, origin, { connect: connectAndRemember }),
  );
  return {
    ...connections,
    certificate: () => certificate,
    destroy() {
      destination.hangUp();
      connections.destroy();
    },
  };
}
