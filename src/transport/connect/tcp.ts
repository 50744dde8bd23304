import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { AddressRotation } from './address-rotation.ts';

/**
 * The delay between the timeout of an attempt and that of its connection, in milliseconds. The
 * attempt has to time out first, because its message says more. It may start later than its
 * connection, which may have been opened early.
 */
export const CONNECTION_GRACE_MS = 1000;

/**
 * Connects to the first of a host's addresses that can be reached. Rejects with the error of the
 * first address. This is not left to Node.js, because up to Node.js 18.17 an address that answers
 * late crashes the process.
 */
export async function connectTcp(
  addresses: readonly LookupAddress[],
  port: number,
  rotation: AddressRotation,
): Promise<Socket> {
  const { timeoutMs, perAddressMs } = rotation;
  const left = rotation.order(alternateFamilies(addresses));
  let failure: unknown;
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    try {
      const socket = await connectTo(
        next.address,
        port,
        left.length === 0 ? timeoutMs + CONNECTION_GRACE_MS : perAddressMs,
      );
      rotation.markConnected(next.address);
      return socket;
    } catch (error) {
      rotation.markFailed(next.address);
      failure ??= error;
    }
  }
  throw failure ?? timeoutError();
}

function connectTo(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(timeoutError()), timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', fail).once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      // This listener is needed until the user of the socket adds one. After a TLS alert from the
      // server, Node.js would continue, and report the end of the connection instead of the alert.
      resolve(socket.on('error', (error) => socket.destroy(error)));
    });
  });
}

/** Returns the error of a connection that took too long. */
export function timeoutError(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}

/** Returns the error of a connection that the server closed before sending anything. */
export function closedEarlyError(): Error {
  return Object.assign(new Error('closed at once'), { code: 'CLOSED_AT_ONCE' });
}

/** Alternates between IPv4 and IPv6, because this host may lack one of them. */
function alternateFamilies(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [first] = addresses;
  const sameFamily = addresses.filter(({ family }) => family === first?.family);
  const others = addresses.filter(({ family }) => family !== first?.family);
  return [
    ...sameFamily.flatMap((address, i) => [address, ...others.slice(i, i + 1)]),
    ...others.slice(sameFamily.length),
  ];
}
