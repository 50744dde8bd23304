import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Client, Dispatcher } from 'undici';
import { MAX_TIMER_MS } from '../../base/pause.ts';
import type { Destination } from '../connect/destination.ts';
import { closedEarlyError } from '../connect/tcp.ts';
import { openTunnel } from '../connect/tunnel.ts';
import { requireV8Flags } from '../connect/v8-flags.ts';
import { skipInformationalResponses } from './skip-informational-responses.ts';

/** Opens a connection. */
type SocketFactory = () => Promise<Socket>;

/**
 * Sends requests to one server over keep-alive connections, one for each parallel request. Does not
 * reuse a connection after a failed request.
 */
export class HttpClient {
  readonly #open: () => Client;
  readonly #clients = new Set<Client>();
  readonly #idle: Client[] = [];
  readonly #onDestroy: () => void;
  #isDestroyed = false;

  constructor(open: () => Client, onDestroy: () => void = () => {}) {
    this.#open = open;
    this.#onDestroy = onDestroy;
  }

  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandlers): void {
    if (this.#isDestroyed) {
      handler.onError?.(new Error('the connections are closed'));
      return;
    }
    const client = this.#idle.pop() ?? this.#open();
    this.#clients.add(client);
    client.dispatch(request, {
      ...handler,
      onComplete: (trailers) => {
        this.#idle.push(client);
        handler.onComplete?.(trailers);
      },
      onError: (error) => {
        this.#clients.delete(client);
        handler.onError?.(error);
      },
    });
  }

  /** Closes all connections and opens no more. Pending requests fail. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#onDestroy();
    for (const client of this.#clients) void client.destroy();
  }
}

/** The HTTP client of a destination. */
export interface DestinationClient {
  readonly http: HttpClient;
  /** Returns the certificate of the latest connection; undefined over plain http. */
  certificate(): X509Certificate | undefined;
}

/**
 * Creates the HTTP client of a destination. Its connections go through the destination's proxy if
 * there is one.
 */
export async function openHttpClient(
  destination: Destination,
  userAgent: string,
): Promise<DestinationClient> {
  requireV8Flags();
  const { Client: Undici } = await import('./undici-client.ts');
  const { origin, originConnector } = destination;
  let certificate: X509Certificate | undefined;
  const connect = async () => {
    const socket = await openConnection(destination, userAgent);
    // The certificate is not available once the connection is closed.
    certificate = (socket as TLSSocket).getPeerX509Certificate?.() ?? certificate;
    return socket;
  };
  const http = new HttpClient(
    () => createClient(Undici, origin, connect),
    () => originConnector.destroy(),
  );
  return { http, certificate: () => certificate };
}

/** Connects to a destination, through its proxy if there is one. */
export async function openConnection(
  { origin, originConnector, rotation, proxy }: Destination,
  userAgent: string,
): Promise<Socket> {
  if (proxy === undefined) return originConnector.connect();
  const { server, connector } = proxy;
  const { Client: Undici } = await import('./undici-client.ts');
  const { hostname, port } = new URL(origin);
  const { url, authorization } = server;
  // Longer than the attempt's own timeout, which must come first because its message is more
  // precise.
  const headersTimeout = Math.min(2 * rotation.timeoutMs, MAX_TIMER_MS);
  const client = createClient(Undici, url, () => connector.connect(), { headersTimeout });
  return openTunnel(client, {
    authority: `${hostname}:${port || 443}`,
    headers: {
      'user-agent': userAgent,
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
    target: originConnector,
  });
}

/**
 * Creates an undici client that detects an early close of its connection. undici itself watches a
 * connection only after it has compiled its parser, and would wait forever for a connection that
 * closed earlier.
 */
export function createClient(
  Undici: typeof Client,
  url: string,
  connect: SocketFactory,
  options: Client.Options = {},
): Client {
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
  };
  const close = () => fail(closedEarlyError());
  const client = new Undici(url, {
    ...options,
    connect: (_, callback) => {
      connect().then(
        (socket) => {
          failure = undefined;
          callback(null, socket.once('error', fail).once('end', close).once('close', close));
        },
        (error) => callback(error, null),
      );
    },
  });
  // From the event `connect` on, undici itself watches the connection.
  return client.on('connect', () => {
    if (failure !== undefined) void client.destroy(failure);
    else skipInformationalResponses(client);
  });
}
