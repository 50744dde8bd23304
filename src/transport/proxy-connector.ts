import { isIP } from 'node:net';
import type { buildConnector } from 'undici';
import { AttemptFailure, classify } from './attempt-failure.ts';

/** Connects to a proxy as `connect` does, and says of a failure that it is the proxy's. */
export function proxyConnector(connect: buildConnector.connector): buildConnector.connector {
  return ({ servername = '', ...target }, callback) => {
    // TLS knows no server name that is an address, and Node would warn about it on stderr.
    const named = isIP(servername) === 0 ? { ...target, servername } : target;
    connect(named, (...[error, socket]) => {
      if (error === null) return callback(null, socket);
      const { kind, message, reason } = classify(error);
      const what = kind === 'tls' ? message : `at the proxy: ${message}`;
      callback(new AttemptFailure(kind, what, reason, error, 'proxy'), null);
    });
  };
}
