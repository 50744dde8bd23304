import type { Client, Dispatcher } from 'undici';

/** What an attempt needs of undici. */
export interface Connections {
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandlers): void;
  /** Closes all connections, whatever is under way on them, and opens no more. */
  destroy(): void;
}

/**
 * As many kept-alive connections as there are requests at the same time. One on which a request
 * failed is not used again.
 */
export function keepConnections(open: () => Client): Connections {
  const clients = new Set<Client>();
  const idle: Client[] = [];
  let destroyed = false;
  return {
    dispatch(request, handler) {
      if (destroyed) return handler.onError?.(new Error('the connections are closed'));
      const client = idle.pop() ?? open();
      clients.add(client);
      client.dispatch(request, {
        ...handler,
        onComplete(trailers) {
          idle.push(client);
          handler.onComplete?.(trailers);
        },
        onError(error) {
          clients.delete(client);
          handler.onError?.(error);
        },
      });
    },
    destroy() {
      destroyed = true;
      for (const client of clients) void client.destroy();
    },
  };
}
