import type { Socket } from 'node:net';
import type { Client } from 'undici';
import { AttemptError, classify, proxyError } from '../errors/attempt-error.ts';
import { readHeaders } from '../http/headers.ts';
import type { Connector } from './connector.ts';

/** The parameters of a tunnel through a proxy. */
export interface TunnelOptions {
  /** `host:port` of the target. */
  readonly authority: string;
  /** The headers of CONNECT. */
  readonly headers: Readonly<Record<string, string>>;
  /** Starts TLS with the target over the tunnel. */
  readonly target: Connector;
}

/**
 * Returns a TLS connection to the target through a proxy (CONNECT). `proxy` is a client for this
 * tunnel only. If the proxy fails, rejects with an AttemptError whose `at` is `proxy`.
 */
export async function openTunnel(proxy: Client, options: TunnelOptions): Promise<Socket> {
  return options.target.secure(await connectThrough(proxy, options));
}

function connectThrough(proxy: Client, { authority, headers }: TunnelOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    proxy.dispatch(
      { method: 'CONNECT', path: authority, headers: { host: authority, ...headers } },
      {
        onConnect() {},
        onUpgrade(status, rawHeaders, duplex) {
          // undici passes on the socket of the connection.
          const socket = duplex as Socket;
          if (status >= 200 && status < 300) return resolve(socket);
          socket.on('error', () => {}).destroy();
          reject(proxyError(status, readHeaders(rawHeaders ?? [])['retry-after']));
        },
        onHeaders: () => true,
        onData: () => true,
        onComplete() {},
        onError(error) {
          const { kind, message, reason } = classify(error);
          const what = kind === 'tls' ? message : `at the proxy: ${message}`;
          reject(new AttemptError(kind, what, reason, { cause: error, at: 'proxy' }));
        },
      },
    );
  });
}
