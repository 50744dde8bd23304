import { isIP, type Socket } from 'node:net';
import type * as Tls from 'node:tls';
import type { buildConnector } from 'undici';
import { closedAtOnce, LATER_MS, timedOut } from './dial.ts';
import { type Dialler, portOf } from './dialler.ts';

/** Makes a connection, in the way that undici's clients ask for. */
export type Connector = buildConnector.connector;
/** Gets the connection, or why there is none. */
export type Connected = buildConnector.Callback;
/** What is connected to. */
export type Target = Parameters<Connector>[0];

/** How a connection is made. */
export interface Connecting {
  readonly tls: typeof Tls;
  /** PEM certificates to trust beside those that every program of Node does, issuing ones included. */
  readonly ca: string | undefined;
  readonly dial: Dialler;
  readonly timeoutMs: number;
}

/** Connects to one server. */
export function connector({ tls, ca, dial, timeoutMs }: Connecting): Connector {
  let context: Tls.SecureContext | undefined;
  let session: Buffer | undefined;

  const trust = () => {
    if (context === undefined) {
      // An issuing certificate is trusted without its root, as curl does.
      const made = tls.createSecureContext({ allowPartialTrustChain: ca !== undefined });
      // The option `ca` would take the place of the others, which cannot be listed where they are the
      // system's. From Node 22 on NODE_EXTRA_CA_CERTS is among them even then.
      if (ca !== undefined) made.context.addCACert(ca);
      context = made;
    }
    return context;
  };
  // Whoever asked hears the first result alone.
  const secure = (transport: Socket, host: string, callback: Connected) => {
    const socket = tls.connect({
      socket: transport,
      host,
      // A server's name only: an address is not allowed there.
      ...(isIP(host) === 0 && { servername: host }),
      ...(session && { session }),
      secureContext: trust(),
      ALPNProtocols: ['http/1.1'],
      // Said expressly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the checking off.
      rejectUnauthorized: true,
    });
    const giveUp = () => socket.destroy(timedOut());
    const timer = setTimeout(giveUp, timeoutMs + LATER_MS);
    transport.on('error', (error) => socket.destroy(error));
    endWithError(socket)
      .on('session', (ticket: Buffer) => {
        session = ticket;
      })
      .once('secureConnect', () => {
        clearTimeout(timer);
        callback(null, socket);
      })
      .once('error', (error) => callback(error, null))
      .once('close', () => {
        clearTimeout(timer);
        callback(closedAtOnce(), null);
      });
  };

  return ({ protocol, hostname, port, httpSocket }, callback) => {
    const isSecure = protocol === 'https:';
    if (httpSocket) return secure(httpSocket, hostname, callback);
    dial(hostname, portOf({ protocol, port }), (error, socket) => {
      if (error) callback(error, null);
      else if (isSecure) secure(socket, hostname, callback);
      else callback(null, endWithError(socket));
    });
    // The certificates are read while the other side is waited for.
    if (isSecure) trust();
  };
}

/** Node goes on after an alert of the other side's, and would report the end instead. */
function endWithError<T extends Socket>(socket: T): T {
  return socket.on('error', (error) => socket.destroy(error));
}
