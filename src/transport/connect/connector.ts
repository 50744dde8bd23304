import type { LookupAddress } from 'node:dns';
import { isIP, type Socket } from 'node:net';
import type * as Tls from 'node:tls';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import type { AddressRotation } from './address-rotation.ts';
import type { DnsResolver } from './dns.ts';
import { type EarlyConnection, isSocketOpen, toEarlyConnection } from './early-connection.ts';
import { CONNECTION_GRACE_MS, closedEarlyError, connectTcp, timeoutError } from './tcp.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/**
 * The maximum idle time of an early connection, in milliseconds. The server may close a connection
 * that is idle for longer.
 */
const MAX_IDLE_MS = 5000;

/** The address of a server. */
export interface ServerAddress {
  readonly isSecure: boolean;
  /** A name or an IP address, without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** The options of a connector. */
export interface ConnectorOptions {
  readonly resolver: DnsResolver;
  readonly rotation: AddressRotation;
  /**
   * PEM certificates to trust in addition to Node's default store. An intermediate certificate is
   * trusted without its root.
   */
  readonly ca: string | undefined;
}

/**
 * Connects to one server. `preconnect` opens early connections, `startTls` starts their TLS
 * handshakes, and `connect` returns an early or a new connection.
 */
export class Connector {
  readonly server: ServerAddress;
  readonly #options: ConnectorOptions;
  readonly #opened: Promise<Socket>[] = [];
  #early: EarlyConnection[] = [];
  #tls: typeof Tls | undefined;
  #context: Tls.SecureContext | undefined;
  #session: Buffer | undefined;

  constructor(server: ServerAddress, options: ConnectorOptions) {
    this.server = server;
    this.#options = options;
  }

  /** Returns the addresses of the server. */
  addresses(): Promise<LookupAddress[]> {
    return this.#options.resolver.addressesOf(this.server.hostname);
  }

  /** Opens early connections. Sends nothing over them before `startTls`. */
  preconnect(count: number): void {
    this.#early = Array.from({ length: count }, () => {
      const socket = this.#openTcp();
      this.#opened.push(socket);
      return toEarlyConnection(socket);
    });
  }

  /** Starts the TLS handshakes of the early connections. Call this method before `connect`. */
  startTls(tls: typeof Tls): void {
    this.#tls = tls;
    const { isSecure } = this.server;
    this.#early = this.#early.map(({ socket }) =>
      toEarlyConnection(this.#toReadyConnection(socket)),
    );
    // Reads the CA certificates while the TCP connections are being opened.
    if (isSecure) this.#secureContext();
  }

  /**
   * Returns an early connection, or opens a new one if none is left. Rejects if the early
   * connection could not be opened. If it was opened, but was then closed or idle for too long,
   * opens a new connection instead.
   */
  async connect(): Promise<Socket> {
    const next = this.#early.shift();
    if (next === undefined) return this.#toReadyConnection(this.#openTcp());
    const { readyAt } = next;
    const socket = await next.socket;
    if (readyAt === undefined) return socket;
    // A read reveals whether the server has closed the connection.
    socket.read(0);
    await yieldToEventLoop();
    if (isSocketOpen(socket) && monotonicMs() - readyAt < MAX_IDLE_MS) return socket;
    socket.destroy();
    return this.#toReadyConnection(this.#openTcp());
  }

  /** Starts TLS with the server over a connected socket. */
  secure(transport: Socket): Promise<Socket> {
    const { hostname } = this.server;
    const { timeoutMs } = this.#options.rotation;
    return new Promise((resolve, reject) => {
      const socket = this.#requireTls().connect({
        socket: transport,
        host: hostname,
        // Set for names only, because TLS does not allow an IP address as server name.
        ...(isIP(hostname) === 0 && { servername: hostname }),
        ...(this.#session && { session: this.#session }),
        secureContext: this.#secureContext(),
        ALPNProtocols: ['http/1.1'],
        // Set explicitly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would disable certificate
        // checking.
        rejectUnauthorized: true,
      });
      const timer = setTimeout(
        () => socket.destroy(timeoutError()),
        timeoutMs + CONNECTION_GRACE_MS,
      );
      transport.on('error', (error) => socket.destroy(error));
      socket
        .on('error', (error) => socket.destroy(error))
        .on('session', (ticket: Buffer) => {
          this.#session = ticket;
        })
        .once('secureConnect', () => {
          clearTimeout(timer);
          resolve(socket);
        })
        .once('error', reject)
        .once('close', () => {
          clearTimeout(timer);
          reject(closedEarlyError());
        });
    });
  }

  /** Closes the early connections, and the TLS connections over them. */
  destroy(): void {
    for (const opening of this.#opened) {
      void opening.then(
        (socket) => socket.destroy(),
        () => {},
      );
    }
  }

  async #openTcp(): Promise<Socket> {
    return connectTcp(await this.addresses(), this.server.port, this.#options.rotation);
  }

  /**
   * Returns a connection that is ready for requests. Opens a new TCP connection if the given
   * connection is closed.
   */
  async #toReadyConnection(tcp: Promise<Socket>): Promise<Socket> {
    const early = await tcp;
    const socket = isSocketOpen(early) ? early : await this.#openTcp();
    return this.server.isSecure ? this.secure(socket) : socket;
  }

  #requireTls(): typeof Tls {
    if (this.#tls === undefined) throw new Error('startTls has to be called first');
    return this.#tls;
  }

  #secureContext(): Tls.SecureContext {
    if (this.#context === undefined) {
      const { ca } = this.#options;
      // An intermediate certificate is trusted without its root, as in curl.
      this.#context = this.#requireTls().createSecureContext({
        allowPartialTrustChain: ca !== undefined,
      });
      // Adds the certificates to the default store. The option `ca` of `createSecureContext` would
      // replace this store. That option could not include the system CA store, because Node.js
      // cannot list it. Only the certificates of NODE_EXTRA_CA_CERTS would stay in effect, from
      // Node.js 22 on.
      if (ca !== undefined) this.#context.context.addCACert(ca);
    }
    return this.#context;
  }
}
