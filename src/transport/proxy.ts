import * as net from 'node:net';
import { InvalidArguments } from '../errors.ts';

/** A proxy without its credentials, and these ready for its Proxy-Authorization header. */
export interface ProxyServer {
  readonly url: string;
  readonly authorization: string | undefined;
}

/**
 * The proxy for `origin`: the one asked for, else the one of the environment
 * (HTTPS_PROXY, https_proxy) unless NO_PROXY or no_proxy names the host. Plain http goes through
 * none, which would read signatures and could change what is not signed.
 * @throws InvalidArguments when the environment's is not an http or https URL
 */
export function proxyFor(
  origin: string,
  asked: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined {
  if (origin.startsWith('http:')) return undefined;
  if (asked !== undefined) return parse(asked);
  const fromEnvironment = environment['https_proxy'] || environment['HTTPS_PROXY'];
  if (!fromEnvironment) return undefined;
  if (isExempt(new URL(origin), environment['no_proxy'] || environment['NO_PROXY'] || '')) {
    return undefined;
  }
  const url = fromEnvironment.includes('://') ? fromEnvironment : `http://${fromEnvironment}`;
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new InvalidArguments([
      {
        option: 'proxy',
        message:
          'the environment variable HTTPS_PROXY does not hold an http or https URL; correct it, or name the host in NO_PROXY',
      },
    ]);
  }
  return parse(url);
}

function parse(text: string): ProxyServer {
  const url = new URL(text);
  const credentials = Buffer.concat([decode(url.username), COLON, decode(url.password)]);
  return {
    url: url.origin,
    authorization: credentials.length === 1 ? undefined : `Basic ${credentials.toString('base64')}`,
  };
}

const COLON = Buffer.from(':');

/** The bytes meant, in whatever encoding; a per cent sign that encodes nothing stands for itself. */
function decode(text: string): Buffer {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1');
}

/** NO_PROXY as curl reads it: `*`, host names with the domains below them, addresses, networks. */
function isExempt(origin: URL, noProxy: string): boolean {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const isNamed = net.isIP(host) === 0;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      // Outside of brackets the colons of an address begin no port.
      const [, name = entry, port] = (net.isIP(entry) === 0 && /^(.*):(\d+)$/.exec(entry)) || [];
      if (port !== undefined && port !== (origin.port || '443')) return false;
      if (!isNamed) return isWithin(host, name.replace(/[[\]]/g, ''));
      const domain = name.replace(/^\*?\./, '');
      return host === domain || host.endsWith(`.${domain}`);
    });
}

/** Whether an address is this one, in whatever spelling, or of this network (`fd00::/8`). */
function isWithin(host: string, network: string): boolean {
  const [, address = '', prefix] = /^([\da-f.:]+)(?:\/(\d+))?$/.exec(network) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[net.isIP(address)] ?? 0;
  const length = Number(prefix ?? bits);
  if (bits === 0 || length > bits) return false;
  const list = new net.BlockList();
  list.addSubnet(address, length, family(address));
  return list.check(host, family(host));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return net.isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
