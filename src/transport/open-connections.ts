import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { LONGEST_TIMER_MS } from '../pause.ts';
import { type Connections, keepConnections } from './connections.ts';
import type { ProxyServer } from './proxy.ts';
import { tunnelThrough } from './tunnel.ts';

/**
 * Connections to `origin`, through a proxy if there is one. `caPath` is a PEM bundle trusted in
 * addition to the default roots. Nothing is connected yet.
 */
export async function openConnections(
  origin: string,
  proxy: ProxyServer | undefined,
  caPath: string | undefined,
  connectTimeoutMs: number,
): Promise<Connections> {
  // Said expressly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the checking off, and taken
  // out of the environment, because Node would warn about it on stderr.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const trust = {
    rejectUnauthorized: true,
    ...(caPath !== undefined && { ca: [...defaultRoots(), readFileSync(caPath, 'utf8')] }),
  };
  // Loaded only here: a run that ends before, for wrong options, does not pay for it.
  const { tuneForShortRun } = await import('./short-run.ts');
  tuneForShortRun();
  const { default: Client } = await import('undici/lib/dispatcher/client.js');
  const { default: buildConnector } = await import('undici/lib/core/connect.js');
  // One for each, as each keeps the TLS sessions of its own side.
  const connector = () => buildConnector({ ...trust, timeout: connectTimeoutMs });
  const connect =
    proxy === undefined
      ? connector()
      : tunnelThrough(proxy, {
          openClient: (toProxy) =>
            // The attempt gives up before, and says so better.
            new Client(proxy.url, {
              connect: toProxy,
              headersTimeout: Math.min(2 * Math.ceil(connectTimeoutMs), LONGEST_TIMER_MS),
            }),
          connectToProxy: connector(),
          connectToTarget: connector(),
        });
  return keepConnections(() => new Client(origin, { connect }));
}

/** From Node 22 on this includes what NODE_EXTRA_CA_CERTS adds. */
function defaultRoots(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
