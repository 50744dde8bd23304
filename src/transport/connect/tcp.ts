import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { AddressRotation } from './address-rotation.ts';

/**
 * The time by which a connection's timeout is longer than an attempt's, in milliseconds. The
 * attempt must time out first, because its message is more precise. With equal timeouts, an early
 * connection could time out first, because the attempt may start later.
 */
export const CONNECTION_GRACE_MS = 1000;

/**
 * Connects to the first reachable address of a host. If no address is reachable, rejects with the
 * error of the first one. Replaces the address selection of Node.js: in versions up to 18.17, an
 * address that answers late crashes the process.
 */
export async function connectTcp(
  addresses: readonly LookupAddress[],
  port: number,
  rotation: AddressRotation,
): Promise<Socket> {
  const { timeoutMs, perAddressMs } = rotation;
  const remaining = rotation.order(alternateFamilies(addresses));
  let failure: unknown;
  for (let next = remaining.shift(); next !== undefined; next = remaining.shift()) {
    try {
      const socket = await connectToAddress(
        next.address,
        port,
        remaining.length === 0 ? timeoutMs + CONNECTION_GRACE_MS : perAddressMs,
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

function connectToAddress(host: string, port: number, timeoutMs: number): Promise<Socket> {
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
      // This listener handles errors until the caller adds another one. Without it, Node.js would
      // report the end of the connection instead of a TLS alert from the server.
      resolve(socket.on('error', (error) => socket.destroy(error)));
    });
  });
}

/** Returns the error for a connection timeout. */
export function timeoutError(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}

/** Returns the error for a connection that the server closed before sending anything. */
export function closedEarlyError(): Error {
  return Object.assign(new Error('closed at once'), { code: 'CLOSED_AT_ONCE' });
}

/**
 * Alternates between IPv4 and IPv6 addresses, because this host may lack one of the two protocols.
 */
function alternateFamilies(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [first] = addresses;
  const sameFamily = addresses.filter(({ family }) => family === first?.family);
  const others = addresses.filter(({ family }) => family !== first?.family);
  return [
    ...sameFamily.flatMap((address, i) => [address, ...others.slice(i, i + 1)]),
    ...others.slice(sameFamily.length),
  ];
}
