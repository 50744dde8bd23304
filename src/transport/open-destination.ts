import { boundLookups } from './bound-lookups.ts';
import { Budget } from './budget.ts';
import type { Connections } from './connections.ts';
import { openConnections } from './open-connections.ts';
import { proxyFor } from './proxy.ts';
import type { SessionSettings } from './session.ts';

/** The options that say how an address is reached. Times in seconds. */
export interface Reachability {
  readonly ca_path: string | undefined;
  readonly proxy: string | undefined;
  readonly timeout: number;
  readonly request_timeout: number;
}

/** What a session with JumpCloud at an address is made of. Nothing is connected yet. */
export async function openDestination(
  origin: string,
  options: Reachability,
): Promise<{ connections: Connections; settings: SessionSettings }> {
  const timeoutMs = options.timeout * 1000;
  const requestTimeoutMs = options.request_timeout * 1000;
  const proxy = proxyFor(origin, options.proxy, process.env);
  boundLookups(new URL(proxy?.url ?? origin).hostname, timeoutMs, process.env);
  const budget = new Budget(timeoutMs);
  const caPath = options.ca_path;
  const connections = await openConnections({ origin, proxy, caPath, requestTimeoutMs, budget });
  const settings = {
    origin,
    proxyUrl: proxy?.url,
    budget,
    requestTimeoutMs,
    clock: Date.now,
    random: Math.random,
  };
  return { connections, settings };
}
