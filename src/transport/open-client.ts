import type { buildConnector, Client } from 'undici';
import { closedAtOnce } from './dial.ts';
import { skipInformational } from './skip-informational.ts';

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
    else skipInformational(client);
  });
}
