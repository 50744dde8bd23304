import * as net from 'node:net';
import { InvalidArguments } from '../../base/errors.ts';
import { PROXY_URL_MESSAGE, parseServerUrl } from '../../base/server-url.ts';

/** A proxy: its URL without credentials, and the value of its Proxy-Authorization header. */
export interface ProxyServer {
  readonly url: string;
  readonly authorization: string | undefined;
}

/**
 * Returns the proxy for an origin: the value of the option `proxy` or, without it, the proxy in the
 * environment. An http origin has no proxy, because a proxy could read signatures and change
 * unsigned data.
 * @throws InvalidArguments when the URL in the environment is not valid
 */
export function proxyFor(
  origin: string,
  option: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined {
  if (origin.startsWith('http:')) return undefined;
  if (option !== undefined) return proxyAt(new URL(option));
  return environmentProxy(origin, environment);
}

/**
 * Returns the proxy in HTTPS_PROXY or https_proxy, unless NO_PROXY or no_proxy exempts the origin.
 * The variable may omit the scheme.
 * @throws InvalidArguments when the URL is not valid
 */
export function environmentProxy(
  origin: string,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined {
  const variable = proxyVariable(environment);
  const text = environment[variable];
  if (!text) return undefined;
  if (isExempt(new URL(origin), environment['no_proxy'] || environment['NO_PROXY'] || '')) {
    return undefined;
  }
  const url = parseServerUrl(text.includes('://') ? text : `http://${text}`);
  if (url === undefined) {
    const message = `the environment variable ${variable} is not a proxy URL: ${PROXY_URL_MESSAGE}`;
    const advice = 'Correct the variable, or add the host of JumpCloud to NO_PROXY';
    throw new InvalidArguments([{ option: 'proxy', message, advice }]);
  }
  return proxyAt(url);
}

/** Returns the name of the environment variable for the proxy, even if the variable is not set. */
export function proxyVariable(environment: NodeJS.ProcessEnv): 'https_proxy' | 'HTTPS_PROXY' {
  return environment['https_proxy'] ? 'https_proxy' : 'HTTPS_PROXY';
}

function proxyAt(url: URL): ProxyServer {
  const credentials = Buffer.concat([
    percentDecode(url.username),
    COLON,
    percentDecode(url.password),
  ]);
  return {
    url: url.origin,
    authorization: credentials.length === 1 ? undefined : `Basic ${credentials.toString('base64')}`,
  };
}

const COLON = Buffer.from(':');

/**
 * Percent-decodes a text to bytes of an unknown encoding. Keeps a `%` without two hexadecimal
 * digits.
 */
function percentDecode(text: string): Buffer {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1');
}

/**
 * Returns whether NO_PROXY exempts an origin. As in curl, an entry is `*`, a host name, an address,
 * or a network. A host name also exempts its subdomains.
 */
function isExempt(origin: URL, noProxy: string): boolean {
  const host = origin.hostname.replace(/^\[|[\].]$/g, '');
  const isNamed = net.isIP(host) === 0;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      // In an IPv6 address without brackets, a colon does not start a port.
      const [, name = entry, port] = (net.isIP(entry) === 0 && /^(.*):(\d+)$/.exec(entry)) || [];
      if (port !== undefined && port !== (origin.port || '443')) return false;
      if (!isNamed) return isWithin(host, name.replace(/[[\]]/g, ''));
      const domain = name.replace(/^\*?\.|\.$/g, '');
      return host === domain || host.endsWith(`.${domain}`);
    });
}

/**
 * Returns whether an address is in `network`: a network such as `fd00::/8`, or a single address in
 * any notation.
 */
function isWithin(host: string, network: string): boolean {
  const [, address = '', prefix] = /^([\da-f.:]+)(?:\/(\d+))?$/.exec(network) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[net.isIP(address)] ?? 0;
  const length = Number(prefix ?? bits);
  if (bits === 0 || length > bits) return false;
  const list = new net.BlockList();
  list.addSubnet(address, length, familyOf(address));
  return list.check(host, familyOf(host));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return net.isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
