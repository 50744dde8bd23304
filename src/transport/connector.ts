import { connect, isIP, type LookupFunction } from 'node:net';
import * as tls from 'node:tls';
import type { buildConnector } from 'undici';

/** How a connection is made. */
export interface Connecting {
  /** The certificate authorities to trust; Node's own when not given. */
  readonly ca: readonly string[] | undefined;
  readonly lookup: LookupFunction;
  readonly timeoutMs: number;
}

/** Connects to one server in the way that undici's clients ask for. */
export function connector({ ca, lookup, timeoutMs }: Connecting): buildConnector.connector {
  let context: tls.SecureContext | undefined;
  let session: Buffer | undefined;

  return ({ protocol, hostname, port, httpSocket }, callback) => {
    const isSecure = protocol === 'https:';
    const target = { host: hostname, port: Number(port || (isSecure ? 443 : 80)), lookup };
    const secure = () => {
      context ??= tls.createSecureContext(ca && { ca: [...ca] });
      return tls
        .connect({
          ...target,
          ...(httpSocket && { socket: httpSocket }),
          ...(session && { session }),
          // A server's name only: an address is not allowed there.
          ...(isIP(hostname) === 0 && { servername: hostname }),
          secureContext: context,
          ALPNProtocols: ['http/1.1'],
          // Said expressly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the checking off.
          rejectUnauthorized: true,
        })
        .on('session', (ticket: Buffer) => {
          session = ticket;
        });
    };
    const socket = isSecure ? secure() : connect(target);
    const giveUp = () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(giveUp, timeoutMs);
    let isOpen = false;
    socket
      .setNoDelay(true)
      .once(isSecure ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        isOpen = true;
        callback(null, socket);
      })
      .on('error', (error) => {
        clearTimeout(timer);
        if (!isOpen) callback(error, null);
      });
  };
}
