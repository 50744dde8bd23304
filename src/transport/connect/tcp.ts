import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { AddressRotation } from './address-rotation.ts';

/**
 * How much later than its attempt a connection is given up, in milliseconds: the attempt's own message
 * says more. The first connections are opened before their attempts.
 */
export const GRACE_MS = 1000;

/**
 * Connects to the first of a host's addresses that can be reached. Node.js can do this by itself, but
 * up to 18.17 an address that answers late ends the process. Rejects with the error of the first one.
 */
export async function connectTcp(
  addresses: readonly LookupAddress[],
  port: number,
  rotation: AddressRotation,
): Promise<Socket> {
  const { timeoutMs, perAddressMs: forOneMs } = rotation;
  const left = rotation.order(alternatingFamilies(addresses));
  let failure: unknown;
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    try {
      const socket = await connectTo(
        next.address,
        port,
        left.length === 0 ? timeoutMs + GRACE_MS : forOneMs,
      );
      rotation.connected(next.address);
      return socket;
    } catch (error) {
      rotation.failed(next.address);
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
      // Until its user listens. Node.js continues after an alert of the other side, and would then
      // report the end instead.
      resolve(socket.on('error', (error) => socket.destroy(error)));
    });
  });
}

/** Returns the failure of a connection that took too long. */
export function timeoutError(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}

/** Returns the failure of a connection that the other side closed before it said anything. */
export function closedEarlyError(): Error {
  return Object.assign(new Error('closed at once'), { code: 'CLOSED_AT_ONCE' });
}

/** Alternates the families: of one that this host does not have, no address can be reached. */
function alternatingFamilies(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [first] = addresses;
  const ours = addresses.filter(({ family }) => family === first?.family);
  const others = addresses.filter(({ family }) => family !== first?.family);
  return [
    ...ours.flatMap((address, i) => [address, ...others.slice(i, i + 1)]),
    ...others.slice(ours.length),
  ];
}
