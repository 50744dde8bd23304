import { isIP } from 'node:net';
import { MAX_TIMER_MS } from '../../base/pause.ts';
import { Budget } from '../retry/budget.ts';
import { AddressRotation } from './address-rotation.ts';
import { Connector, type ServerAddress } from './connector.ts';
import { DnsResolver, limitLookupTime } from './dns.ts';
import { type ProxyServer, proxyFor } from './proxy.ts';
import { CONNECTION_GRACE_MS } from './tcp.ts';
import { loadTlsAndSetV8Flags, setV8Flag } from './v8-flags.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** The options for connections to a server. Times in seconds. */
export interface TransportOptions {
  readonly ca_path: { readonly certificates: string } | undefined;
  readonly proxy: string | undefined;
  readonly timeout: number;
  readonly request_timeout: number;
}

/** The server that requests go to, its connectors and time limits. Times in milliseconds. */
export interface Destination {
  readonly origin: string;
  readonly budget: Budget;
  readonly requestTimeoutMs: number;
  readonly rotation: AddressRotation;
  /** Connects to the origin. With a proxy, only starts TLS over the tunnel. */
  readonly originConnector: Connector;
  readonly proxy: { readonly server: ProxyServer; readonly connector: Connector } | undefined;
}

/** The maximum time for which a DNS lookup delays the loading of code, in milliseconds. */
const MAX_LOOKUP_WAIT_MS = 25;

/**
 * Opens early connections to an origin while code is loaded: as many as `requests`, or none with a
 * proxy. Sends nothing before `prepare` is done. Returns the destination and the result of
 * `prepare`.
 */
export async function openDestination<T>(
  origin: string,
  options: TransportOptions,
  requests: number,
  prepare: () => Promise<T>,
): Promise<[Destination, T]> {
  const timeoutMs = options.timeout * 1000;
  const requestTimeoutMs = options.request_timeout * 1000;
  const proxy = proxyFor(origin, options.proxy, process.env);
  const server = serverOf(origin);
  const firstServer = proxy === undefined ? server : serverOf(proxy.url);
  limitLookupTime(firstServer.hostname, timeoutMs, process.env);
  // Node.js would print a warning about this variable on stderr.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const budget = new Budget(timeoutMs);
  const resolver = new DnsResolver(() => budget.remainingMs());
  const rotation = new AddressRotation(
    Math.min(Math.ceil(requestTimeoutMs), MAX_TIMER_MS - CONNECTION_GRACE_MS),
  );
  const connectorOptions = { resolver, rotation, ca: options.ca_path?.certificates };
  const connector = new Connector(firstServer, connectorOptions);
  const earlyCount = proxy === undefined ? requests : 0;
  // Saves 3 ms: by default, V8 optimises the large regular expressions for IP addresses. The flag
  // is reset after `preconnect`, because while a flag is set, Node.js recompiles each built-in
  // module that it loads.
  setV8Flag('--no-regexp-optimization');
  connector.preconnect(earlyCount);
  setV8Flag('--regexp-optimization');
  try {
    if (earlyCount > 0) await waitUntilFirstPacketSent(resolver, server.hostname);
    const tls = await loadTlsAndSetV8Flags();
    const prepared = await prepare();
    const originConnector =
      proxy === undefined ? connector : new Connector(server, connectorOptions);
    connector.startTls(tls);
    if (originConnector !== connector) originConnector.startTls(tls);
    // Starts the handshakes before more code is loaded.
    if (earlyCount > 0) await yieldToEventLoop();
    const destination: Destination = {
      origin,
      budget,
      requestTimeoutMs,
      rotation,
      originConnector,
      proxy: proxy && { server: proxy, connector },
    };
    return [destination, prepared];
  } catch (error) {
    connector.destroy();
    throw error;
  }
}

/** Describes the origin, and its proxy if there is one, for messages. */
export function describeDestination({ origin, proxy }: Destination): string {
  return proxy === undefined ? origin : `${origin} (through the proxy ${proxy.server.url})`;
}

/**
 * Waits until the first packet of the early connections is sent. Waits for the DNS lookup at most
 * `MAX_LOOKUP_WAIT_MS`.
 */
async function waitUntilFirstPacketSent(resolver: DnsResolver, hostname: string): Promise<void> {
  if (isIP(hostname) === 0) {
    const lookup = resolver.addressesOf(hostname).catch(() => {});
    await Promise.race([lookup, new Promise((resolve) => setTimeout(resolve, MAX_LOOKUP_WAIT_MS))]);
  }
  await yieldToEventLoop();
}

function serverOf(url: string): ServerAddress {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'https:';
  return {
    isSecure,
    hostname: hostname.replace(/[[\]]/g, ''),
    port: Number(port || (isSecure ? 443 : 80)),
  };
}
