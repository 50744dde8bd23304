import { isIP } from 'node:net';
import { MAX_TIMER_MS } from '../../base/pause.ts';
import { Budget } from '../retry/budget.ts';
import { AddressRotation } from './address-rotation.ts';
import { Connector, type ServerAddress, yieldToEventLoop } from './connector.ts';
import { limitLookupTime, Resolver } from './dns.ts';
import { type ProxyServer, proxyFor } from './proxy.ts';
import { GRACE_MS } from './tcp.ts';
import { setFlagsForShortRun, setV8Flag } from './v8-flags.ts';

/** The options that say how an address is reached. Times in seconds. */
export interface TransportOptions {
  readonly ca_path: { readonly certificates: string } | undefined;
  readonly proxy: string | undefined;
  readonly timeout: number;
  readonly request_timeout: number;
}

/** Where requests go, how connections are made, and how long to try. Times in milliseconds. */
export interface Destination {
  readonly origin: string;
  readonly budget: Budget;
  readonly requestTimeoutMs: number;
  /** The order in which addresses are tried. */
  readonly rotation: AddressRotation;
  /** Connects to the origin; through a proxy only over a socket that leads there. */
  readonly toOrigin: Connector;
  readonly proxy: { readonly server: ProxyServer; readonly connector: Connector } | undefined;
}

/** How long a lookup keeps the rest from being loaded, in milliseconds. */
const LOOKUP_MS = 25;

/**
 * Opens the way to JumpCloud at an address: early connections, as many as the run starts with parallel
 * requests, are established while the code that sends requests is loaded. Before `prepare` is done,
 * which gives what else a session needs, no byte is sent over them. Through a proxy none is opened.
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
  const first = proxy === undefined ? server : serverOf(proxy.url);
  limitLookupTime(first.hostname, timeoutMs, process.env);
  // Node.js would warn about it on stderr.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const budget = new Budget(timeoutMs);
  const resolver = new Resolver(() => budget.remaining());
  const rotation = new AddressRotation(
    Math.min(Math.ceil(requestTimeoutMs), MAX_TIMER_MS - GRACE_MS),
  );
  const ways = { resolver, rotation, ca: options.ca_path?.certificates };
  const connector = new Connector(first, ways);
  const early = proxy === undefined ? requests : 0;
  // Node.js recognises addresses by large regular expressions, and optimising these takes 3 ms. Only
  // here: what Node.js loads of its own under a flag has to be compiled again.
  setV8Flag('--no-regexp-optimization');
  connector.preconnect(early);
  setV8Flag('--regexp-optimization');
  try {
    if (early > 0) await firstPacket(resolver, server.hostname);
    const tls = await setFlagsForShortRun();
    const prepared = await prepare();
    const toOrigin = proxy === undefined ? connector : new Connector(server, ways);
    connector.startTls(tls);
    if (toOrigin !== connector) toOrigin.startTls(tls);
    // Handshakes that can start do so before more is loaded.
    if (early > 0) await yieldToEventLoop();
    const destination: Destination = {
      origin,
      budget,
      requestTimeoutMs,
      rotation,
      toOrigin,
      proxy: proxy && { server: proxy, connector },
    };
    return [destination, prepared];
  } catch (error) {
    connector.destroy();
    throw error;
  }
}

/** Resolves when the first packet has left, or looking the name up takes long. */
async function firstPacket(resolver: Resolver, hostname: string): Promise<void> {
  if (isIP(hostname) === 0) {
    const found = resolver.addressesOf(hostname).catch(() => {});
    await Promise.race([found, new Promise((resolve) => setTimeout(resolve, LOOKUP_MS))]);
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
