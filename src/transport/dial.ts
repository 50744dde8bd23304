import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { AddressRotation } from './address-rotation.ts';

/**
 * How much later than its attempt a connection is given up, which says it better. The first are begun
 * before their attempts.
 */
export const LATER_MS = 1000;

/** Gets the connection, or why the first address was not to be had. */
export type Dialled = (
  ...result: [error: Error, socket: null] | [error: null, socket: Socket]
) => void;

/**
 * Connects to the first of a host's addresses that can be reached. Node can do this by itself, but up
 * to 18.17 an address that answers late ends the process.
 */
export function dial(
  addresses: readonly LookupAddress[],
  port: number,
  rotation: AddressRotation,
  done: Dialled,
): void {
  tryNext(rotation.order(alternating(addresses)), port, rotation, done);
}

function tryNext(
  [next, ...others]: readonly LookupAddress[],
  port: number,
  rotation: AddressRotation,
  done: Dialled,
  failure?: Error,
): void {
  if (next === undefined) {
    done(failure ?? timedOut(), null);
    return;
  }
  const { timeoutMs, forOneMs } = rotation;
  const socket = connect({ host: next.address, port, noDelay: true });
  const giveUp = () => socket.destroy(timedOut());
  const timer = setTimeout(giveUp, others.length === 0 ? timeoutMs + LATER_MS : forOneMs);
  const fail = (error: Error) => {
    clearTimeout(timer);
    rotation.failed(next.address);
    tryNext(others, port, rotation, done, failure ?? error);
  };
  socket.once('error', fail).once('connect', () => {
    clearTimeout(timer);
    socket.off('error', fail);
    rotation.connected(next.address);
    done(null, socket);
  });
}

/** Why a connection is given up that does not come about. */
export function timedOut(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}

/** Why a connection fails that the other side ends without a word. */
export function closedAtOnce(): Error {
  return Object.assign(new Error('closed at once'), { code: 'CLOSED_AT_ONCE' });
}

/** One of each family in turn: of one that this host has not, no address leads anywhere. */
function alternating(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [first] = addresses;
  const ours = addresses.filter(({ family }) => family === first?.family);
  const others = addresses.filter(({ family }) => family !== first?.family);
  return [
    ...ours.flatMap((address, i) => [address, ...others.slice(i, i + 1)]),
    ...others.slice(ours.length),
  ];
}
