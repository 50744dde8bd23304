import type { Socket } from 'node:net';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/**
 * A connection that is opened before it is needed. `readyAt` is undefined until the connection is
 * ready.
 */
export interface EarlyConnection {
  readonly socket: Promise<Socket>;
  readyAt?: number;
}

/** Returns an early connection. Sets its `readyAt` as soon as `socket` resolves. */
export function toEarlyConnection(socket: Promise<Socket>): EarlyConnection {
  const early: EarlyConnection = { socket };
  socket.then(
    () => {
      early.readyAt = monotonicMs();
    },
    // `Connector.connect` reports the failure.
    () => {},
  );
  return early;
}

/**
 * Returns whether a connection is open. A connection that the server closed counts as open until
 * the next read.
 */
export function isSocketOpen({ destroyed, readableEnded }: Socket): boolean {
  return !destroyed && !readableEnded;
}
