import type { Socket } from 'node:net';
import type { Client } from 'undici';
import { AttemptError, classify, proxyError } from '../errors/attempt-error.ts';
import { readHeaders } from '../http/headers.ts';
import type { Connector } from './connector.ts';

/** How a tunnel through a proxy is made. */
export interface TunnelOptions {
  /** Host and port of the target. */
  readonly authority: string;
  /** The headers of CONNECT. */
  readonly headers: Readonly<Record<string, string>>;
  /** Connects to the target over a socket that leads there. */
  readonly target: Connector;
}

/**
 * Returns a TLS connection to the target through a proxy, by CONNECT. `proxy` is a client of the proxy
 * that is used for nothing else. Rejects with an AttemptError that says whether the proxy failed.
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
        onUpgrade(status, answered, duplex) {
          // undici hands over the socket that it had.
          const socket = duplex as Socket;
          if (status >= 200 && status < 300) return resolve(socket);
          socket.on('error', () => {}).destroy();
          reject(proxyError(status, readHeaders(answered ?? [])['retry-after']));
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
