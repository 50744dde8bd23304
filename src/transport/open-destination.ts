import { isIP } from 'node:net';
import { LONGEST_TIMER_MS } from '../pause.ts';
import { AddressRotation } from './address-rotation.ts';
import { boundLookups } from './bound-lookups.ts';
import { Budget } from './budget.ts';
import { connectAhead } from './connect-ahead.ts';
import { type Connector, connector } from './connector.ts';
import { LATER_MS } from './dial.ts';
import { dialAhead } from './dial-ahead.ts';
import { dialler, portOf } from './dialler.ts';
import { type NameLookup, nameLookup } from './name-lookup.ts';
import { type ProxyServer, proxyFor } from './proxy.ts';
import { tuneForShortRun } from './short-run.ts';
import { tuneV8 } from './tune-v8.ts';

/** The options that say how an address is reached. Times in seconds. */
export interface Reachability {
  readonly ca_path: { readonly certificates: string } | undefined;
  readonly proxy: string | undefined;
  readonly timeout: number;
  readonly request_timeout: number;
}

/** Where requests go, how connections are made, and how long to try. Times in milliseconds. */
export interface Destination {
  readonly origin: string;
  readonly proxy: ProxyServer | undefined;
  readonly budget: Budget;
  readonly requestTimeoutMs: number;
  /** How long a connection may take, until it is given up. */
  readonly connectTimeoutMs: number;
  /** The order in which addresses are dialled. */
  readonly rotation: AddressRotation;
  /** Makes what connects to one server. */
  readonly newConnector: () => Connector;
  /** Connects to the origin where no proxy is between. What was begun already is given first. */
  readonly connect: Connector;
  /** Closes what was begun. */
  hangUp(): void;
}

/** How long a name that is being looked up keeps the rest from being loaded. In ms. */
const LOOKUP_MS = 25;

/**
 * Sets out for JumpCloud at an address: connects to it as often as there will be requests at first, so
 * that these are on their way while what sends requests is loaded. Before `prepare` is done, which gives
 * what else a session needs, not a byte is sent over them. Through a proxy nothing is begun.
 */
export async function openDestination<T>(
  origin: string,
  options: Reachability,
  requests: number,
  prepare: () => Promise<T>,
): Promise<[Destination, T]> {
  const timeoutMs = options.timeout * 1000;
  const requestTimeoutMs = options.request_timeout * 1000;
  const connectTimeoutMs = Math.min(Math.ceil(requestTimeoutMs), LONGEST_TIMER_MS - LATER_MS);
  const proxy = proxyFor(origin, options.proxy, process.env);
  const { protocol, hostname, port } = new URL(proxy?.url ?? origin);
  boundLookups(hostname, timeoutMs, process.env);
  // Node would warn about it on stderr.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const ca = options.ca_path?.certificates;
  const budget = new Budget(timeoutMs);
  const lookup = nameLookup(() => budget.remaining());
  const rotation = new AddressRotation(connectTimeoutMs);
  const dial = dialler(lookup, rotation);
  const host = hostname.replace(/[[\]]/g, '');
  const early = proxy === undefined ? requests : 0;
  // Node tells by large regular expressions whether the name of a host is an address, and optimising
  // these takes 3 ms. Only here: what is loaded of Node under a flag has to be compiled anew.
  tuneV8('--no-regexp-optimization');
  const dialled = dialAhead(dial, host, portOf({ protocol, port }), early);
  tuneV8('--regexp-optimization');
  try {
    if (early > 0) await underWay(host, lookup);
    const tls = await tuneForShortRun();
    const prepared = await prepare();
    const newConnector = () =>
      connector({ tls, ca, dial: dialled.dial, timeoutMs: connectTimeoutMs });
    const connect = connectAhead(newConnector(), { protocol, hostname: host, port }, early);
    // What is there already is greeted before more is loaded.
    if (early > 0) await turn();
    const ways = { origin, proxy, budget, requestTimeoutMs, connectTimeoutMs, rotation };
    return [{ ...ways, newConnector, connect, hangUp: dialled.destroy }, prepared];
  } catch (error) {
    dialled.destroy();
    throw error;
  }
}

/** Resolves when the first packet to a host has left, or its name takes long to be looked up. */
async function underWay(host: string, lookup: NameLookup): Promise<void> {
  if (isIP(host) === 0) {
    await new Promise<void>((resolve) => {
      lookup(host, () => resolve());
      setTimeout(resolve, LOOKUP_MS);
    });
  }
  await turn();
}

/** Lets happen what is about to. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
