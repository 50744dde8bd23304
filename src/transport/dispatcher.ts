import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import type { buildConnector, Dispatcher } from 'undici';
import type { ProxyServer } from './proxy.ts';
import { proxyConnector } from './proxy-connector.ts';

/** Enough for the reads that one run makes at the same time. */
const CONNECTIONS = 8;

/**
 * Kept-alive connections to `origin`, through a proxy if there is one. `caPath` is a PEM bundle
 * trusted in addition to the default roots.
 */
export async function openDispatcher(
  origin: string,
  proxy: ProxyServer | undefined,
  caPath: string | undefined,
  connectTimeoutMs: number,
): Promise<Dispatcher> {
  // Said expressly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the checking off, and taken
  // out of the environment, because Node would warn about it on stderr.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const trust = {
    rejectUnauthorized: true,
    ...(caPath !== undefined && { ca: [...defaultRoots(), readFileSync(caPath, 'utf8')] }),
  };
  keepParserAsCompiled();
  // Loaded only here: a run that ends before, for wrong options, does not pay for it.
  const { default: Pool } = await import('undici/lib/dispatcher/pool.js');
  if (proxy === undefined) {
    return new Pool(origin, {
      connections: CONNECTIONS,
      connect: { ...trust, timeout: connectTimeoutMs },
    });
  }
  const { default: ProxyAgent } = await import('undici/lib/dispatcher/proxy-agent.js');
  // biome-ignore lint/style/noRestrictedImports: this api folder is undici's.
  const { default: connect } = await import('undici/lib/api/api-connect.js');
  return new ProxyAgent({
    uri: proxy.url,
    ...(proxy.authorization !== undefined && { token: proxy.authorization }),
    connections: CONNECTIONS,
    // Only undici's front door, which is not imported, gives its clients this method.
    clientFactory: (url, options) => {
      const { connect: connector } = options as { connect: buildConnector.connector };
      const pool = new Pool(url, { ...options, connect: proxyConnector(connector) });
      return Object.assign(pool, { connect });
    },
    requestTls: { ...trust, timeout: connectTimeoutMs },
    proxyTls: { ...trust, timeout: connectTimeoutMs },
  });
}

/**
 * Before Node 22 a process that compiled undici's WebAssembly parser waits at its end for an
 * optimisation that no short run gains from: 70 to 100 ms, and 30 MiB. From Node 22 on there is no
 * such wait, and setting a flag at run time would throw away Node's own code cache.
 */
function keepParserAsCompiled(): void {
  if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--liftoff-only');
}

/** From Node 22 on this includes what NODE_EXTRA_CA_CERTS adds. */
function defaultRoots(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
