import type { Socket } from 'node:net';
import type { Client } from 'undici';
import { AttemptError, proxyError, toAttemptError } from '../errors/attempt-error.ts';
import { readHeaders } from '../http/headers.ts';
import type { Connector } from './connector.ts';

/** The parameters of a tunnel through a proxy. */
export interface TunnelOptions {
  /** `host:port` of the target. */
  readonly authority: string;
  /** The headers of the CONNECT request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Starts TLS with the target over the tunnel. */
  readonly target: Connector;
}

/**
 * Opens a TLS connection to the target through a proxy, with CONNECT. `proxy` is a client for this
 * tunnel only. A failure of the proxy rejects with an AttemptError that names the proxy as its
 * peer.
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
          // undici passes the socket of the connection as `duplex`.
          const socket = duplex as Socket;
          if (status >= 200 && status < 300) return resolve(socket);
          socket.on('error', () => {}).destroy();
          reject(proxyError(status, readHeaders(rawHeaders ?? [])['retry-after']));
        },
        onHeaders: () => true,
        onData: () => true,
        onComplete() {},
        onError(error) {
          const { kind, message, reason } = toAttemptError(error);
          const what = kind === 'tls' ? message : `at the proxy: ${message}`;
          reject(new AttemptError(kind, what, reason, { cause: error, peer: 'proxy' }));
        },
      },
    );
  });
}
