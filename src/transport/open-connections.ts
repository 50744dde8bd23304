import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { InvalidArguments } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../pause.ts';
import type { Budget } from './budget.ts';
import { type Connections, keepConnections } from './connections.ts';
import { connector } from './connector.ts';
import { nameLookup } from './name-lookup.ts';
import { openClient } from './open-client.ts';
import type { ProxyServer } from './proxy.ts';
import { tunnelThrough } from './tunnel.ts';

/** Where connections lead, and how they are made. */
export interface Destination {
  readonly origin: string;
  readonly proxy: ProxyServer | undefined;
  /** A PEM bundle trusted in addition to the default roots. */
  readonly caPath: string | undefined;
  readonly requestTimeoutMs: number;
  readonly budget: Budget;
}

/** Connections to an origin, through a proxy if there is one. Nothing is connected yet. */
export async function openConnections(destination: Destination): Promise<Connections> {
  const { origin, proxy, caPath, budget } = destination;
  // Node would warn about it on stderr.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const connecting = {
    ca: caPath === undefined ? undefined : [...defaultRoots(), readBundle(caPath)],
    lookup: nameLookup(() => budget.remaining()),
    timeoutMs: Math.min(Math.ceil(destination.requestTimeoutMs), LONGEST_TIMER_MS),
  };
  // Loaded only here: a run that ends before, for wrong options, does not pay for it.
  const { tuneForShortRun } = await import('./short-run.ts');
  tuneForShortRun();
  const { default: Client } = await import('undici/lib/dispatcher/client.js');
  // One for each, as each keeps the TLS sessions of its own side.
  const connect =
    proxy === undefined
      ? connector(connecting)
      : tunnelThrough(proxy, {
          openClient: (toProxy) =>
            // The attempt gives up before, and says so better.
            openClient(Client, proxy.url, {
              connect: toProxy,
              headersTimeout: Math.min(2 * connecting.timeoutMs, LONGEST_TIMER_MS),
            }),
          connectToProxy: connector(connecting),
          connectToTarget: connector(connecting),
        });
  return keepConnections(() => openClient(Client, origin, { connect }));
}

/** It was there when the options were read; the agent may have been waited for since. */
function readBundle(caPath: string): string {
  try {
    return readFileSync(caPath, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidArguments([
      { option: 'ca_path', message: `${caPath} cannot be read any more (${code})` },
    ]);
  }
}

/** From Node 22 on this includes what NODE_EXTRA_CA_CERTS adds. */
function defaultRoots(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
