import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';

/**
 * The most that one of several addresses gets. A quarter of a second, as Node gives it, is too little
 * for one far away.
 */
const LONGEST_FOR_ONE_MS = 2500;

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
 * Connects to the first of a host's addresses that can be had, within so many ms at most for the
 * last of them and a quarter of it for any other. Node can do this by itself, but up to 18.17 an
 * address that answers late ends the process.
 */
export function dial(
  addresses: readonly LookupAddress[],
  port: number,
  timeoutMs: number,
  done: Dialled,
): void {
  tryNext(alternating(addresses), port, timeoutMs, done);
}

function tryNext(
  [next, ...others]: readonly LookupAddress[],
  port: number,
  timeoutMs: number,
  done: Dialled,
  failure?: Error,
): void {
  if (next === undefined) {
    done(failure ?? timedOut(), null);
    return;
  }
  const isLast = others.length === 0;
  const forOneMs = isLast ? timeoutMs + LATER_MS : Math.min(timeoutMs / 4, LONGEST_FOR_ONE_MS);
  const socket = connect({ host: next.address, port, noDelay: true });
  const giveUp = () => socket.destroy(timedOut());
  const timer = setTimeout(giveUp, forOneMs);
  const fail = (error: Error) => {
    clearTimeout(timer);
    tryNext(others, port, timeoutMs, done, failure ?? error);
  };
  socket.once('error', fail).once('connect', () => {
    clearTimeout(timer);
    socket.off('error', fail);
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
