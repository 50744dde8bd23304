import { isIP, type Socket } from 'node:net';
import type * as Tls from 'node:tls';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import type { AddressRotation } from './address-rotation.ts';
import type { Resolver } from './dns.ts';
import { closedEarlyError, connectTcp, GRACE_MS, timeoutError } from './tcp.ts';

/** One that idles for longer is not trusted: the other side may be about to close it. In milliseconds. */
const MAX_IDLE_MS = 5000;

/** What is connected to. */
export interface ServerAddress {
  readonly isSecure: boolean;
  /** A name or an address, without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** How connections are made. */
export interface ConnectorOptions {
  readonly resolver: Resolver;
  readonly rotation: AddressRotation;
  /** PEM certificates to trust beside those that every Node.js program trusts, issuing ones included. */
  readonly ca: string | undefined;
}

/** An early connection, and when it was there: undefined while it is on its way. */
interface EarlyConnection {
  readonly socket: Promise<Socket>;
  readyAt?: number;
}

/**
 * Connects to one server: `preconnect` opens connections before anything else is loaded, `startTls`
 * starts their handshakes, `connect` gives one of them, or a new one, to each request.
 */
export class Connector {
  readonly #server: ServerAddress;
  readonly #options: ConnectorOptions;
  readonly #opened: Promise<Socket>[] = [];
  #early: EarlyConnection[] = [];
  #tls: typeof Tls | undefined;
  #context: Tls.SecureContext | undefined;
  #session: Buffer | undefined;

  constructor(server: ServerAddress, options: ConnectorOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** Opens connections, over which no byte is sent before `startTls`. */
  preconnect(count: number): void {
    this.#early = Array.from({ length: count }, () => {
      const socket = this.#openTcp();
      this.#opened.push(socket);
      return openEarly(socket);
    });
  }

  /** Starts the handshakes of the early connections, and makes new ones possible. */
  startTls(tls: typeof Tls): void {
    this.#tls = tls;
    const { isSecure } = this.#server;
    this.#early = this.#early.map(({ socket }) => openEarly(this.#open(socket)));
    // The certificates are read while the other side is waited for.
    if (isSecure) this.#trusted();
  }

  /**
   * Returns an early connection, or a new one where none is left. One that failed is the failure of the
   * request that takes it; one that was closed since then is replaced.
   */
  async connect(): Promise<Socket> {
    const next = this.#early.shift();
    if (next === undefined) return this.#open(this.#openTcp());
    const { readyAt } = next;
    const socket = await next.socket;
    if (readyAt === undefined) return socket;
    // What has arrived waits to be read: the end is seen only after it was looked for.
    socket.read(0);
    await yieldToEventLoop();
    if (isOpen(socket) && monotonicMs() - readyAt < MAX_IDLE_MS) return socket;
    socket.destroy();
    return this.#open(this.#openTcp());
  }

  /** Returns a TLS connection to the server over a socket that leads there. */
  secure(transport: Socket): Promise<Socket> {
    const { hostname } = this.#server;
    const { timeoutMs } = this.#options.rotation;
    return new Promise((resolve, reject) => {
      const socket = this.#requireTls().connect({
        socket: transport,
        host: hostname,
        // A server's name only: an address is not allowed there.
        ...(isIP(hostname) === 0 && { servername: hostname }),
        ...(this.#session && { session: this.#session }),
        secureContext: this.#trusted(),
        ALPNProtocols: ['http/1.1'],
        // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the checking off.
        rejectUnauthorized: true,
      });
      const timer = setTimeout(() => socket.destroy(timeoutError()), timeoutMs + GRACE_MS);
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

  /** Closes the early connections, and what was made of them. */
  destroy(): void {
    for (const opened of this.#opened) {
      void opened.then(
        (socket) => socket.destroy(),
        () => {},
      );
    }
  }

  async #openTcp(): Promise<Socket> {
    const { resolver, rotation } = this.#options;
    const addresses = await resolver.addressesOf(this.#server.hostname);
    return connectTcp(addresses, this.#server.port, rotation);
  }

  /** A connection that was closed before anything was sent over it is replaced. */
  async #open(tcp: Promise<Socket>): Promise<Socket> {
    const opened = await tcp;
    const socket = isOpen(opened) ? opened : await this.#openTcp();
    return this.#server.isSecure ? this.secure(socket) : socket;
  }

  #requireTls(): typeof Tls {
    if (this.#tls === undefined) throw new Error('startTls has to be called before');
    return this.#tls;
  }

  #trusted(): Tls.SecureContext {
    if (this.#context === undefined) {
      const { ca } = this.#options;
      // An issuing certificate is trusted without its root, as curl does.
      this.#context = this.#requireTls().createSecureContext({
        allowPartialTrustChain: ca !== undefined,
      });
      // The option `ca` would replace the others, which cannot be listed where they are the system's.
      // From Node.js 22 on NODE_EXTRA_CA_CERTS is among them even then.
      if (ca !== undefined) this.#context.context.addCACert(ca);
    }
    return this.#context;
  }
}

function openEarly(socket: Promise<Socket>): EarlyConnection {
  const one: EarlyConnection = { socket };
  socket.then(
    () => {
      one.readyAt = monotonicMs();
    },
    // Its failure is reported to the request that takes it.
    () => {},
  );
  return one;
}

/** Whether a connection is still there, as far as its end was read. */
function isOpen({ destroyed, readableEnded }: Socket): boolean {
  return !destroyed && !readableEnded;
}

/** Lets pending input and output happen. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
