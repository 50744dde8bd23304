import type { buildConnector, Client } from 'undici';
import { AttemptFailure } from './attempt-failure.ts';

/**
 * Opens a client whose connection may be closed at once. Before its first request undici waits for
 * its parser to be compiled, and what becomes of the connection meanwhile it does not see: it would
 * wait for ever.
 */
export function openClient(
  Undici: typeof Client,
  url: string,
  options: Client.Options & { connect: buildConnector.connector },
): Client {
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
  };
  const close = () => fail(closedAtOnce());
  const client = new Undici(url, {
    ...options,
    connect: (target, callback) =>
      options.connect(target, (...result) => {
        const [, socket] = result;
        if (socket) {
          failure = undefined;
          socket.once('error', fail).once('end', close).once('close', close);
        }
        callback(...result);
      }),
  });
  // From here on undici sees for itself, and sends the request before anything else can happen.
  return client.on('connect', () => {
    if (failure !== undefined) void client.destroy(failure);
  });
}

/** Why a connection fails that the other side ends without a word. */
export function closedAtOnce(): AttemptFailure {
  return new AttemptFailure('network', 'the connection was closed at once', 'UND_ERR_SOCKET');
}
