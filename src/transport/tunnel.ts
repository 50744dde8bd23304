import type { buildConnector, Client } from 'undici';
import { readHeaders } from './attempt.ts';
import { AttemptFailure, classify, proxyFailure } from './attempt-failure.ts';
import { portOf } from './dialler.ts';
import type { ProxyServer } from './proxy.ts';

/** What makes a tunnel: a connection to the proxy, and one through it to the target. */
interface TunnelParts {
  /** The User-Agent of CONNECT. */
  readonly userAgent: string;
  /** A client of the proxy that connects in the way given. */
  readonly openClient: (connect: buildConnector.connector) => Client;
  readonly connectToProxy: buildConnector.connector;
  /** Connects to the target over a socket that leads there. */
  readonly connectToTarget: buildConnector.connector;
}

/** Connects through a proxy with CONNECT, and says of a failure whether it is the proxy's. */
export function tunnelThrough(
  { authorization }: ProxyServer,
  { userAgent, openClient, connectToProxy, connectToTarget }: TunnelParts,
): buildConnector.connector {
  return (target, callback) => {
    const { protocol, host, port } = target;
    const authority = port ? String(host) : `${host}:${portOf(target)}`;
    const client = openClient(connectToProxy);
    client.dispatch(
      {
        method: 'CONNECT',
        path: authority,
        headers: {
          host: authority,
          'user-agent': userAgent,
          ...(authorization !== undefined && { 'proxy-authorization': authorization }),
        },
      },
      {
        onConnect() {},
        onUpgrade(status, headers, duplex) {
          // undici hands on the socket that it had.
          const socket = duplex as Parameters<typeof callback>[1] & object;
          if (status < 200 || status > 299) {
            socket.on('error', () => {}).destroy();
            callback(proxyFailure(status, readHeaders(headers ?? [])['retry-after']), null);
          } else if (protocol === 'https:') {
            connectToTarget({ ...target, httpSocket: socket }, callback);
          } else {
            callback(null, socket);
          }
        },
        onHeaders: () => true,
        onData: () => true,
        onComplete() {},
        onError(error) {
          const { kind, message, reason } = classify(error);
          const what = kind === 'tls' ? message : `at the proxy: ${message}`;
          callback(new AttemptFailure(kind, what, reason, { cause: error, at: 'proxy' }), null);
        },
      },
    );
  };
}
