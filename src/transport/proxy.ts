import { InvalidArguments } from '../errors.ts';

/** A proxy without its credentials, and these ready for its Proxy-Authorization header. */
export interface ProxyServer {
  readonly url: string;
  readonly authorization: string | undefined;
}

/**
 * The proxy for `origin`: the one asked for, else the one of the environment
 * (HTTPS_PROXY, https_proxy) unless NO_PROXY or no_proxy names the host.
 * @throws InvalidArguments when the environment's is not an http or https URL
 */
export function proxyFor(
  origin: string,
  asked: string | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyServer | undefined {
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

/** NO_PROXY as curl reads it: `*`, or host names with the domains below them, port optional. */
function isExempt(origin: URL, noProxy: string): boolean {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const port = origin.port || (origin.protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', entryPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
      if (entryPort !== undefined && entryPort !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return host === domain || host.endsWith(`.${domain}`);
    });
}
