import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';

// A URL may hold credentials, so what was given is never quoted.

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The base of an API: https, or http on this host. */
export function apiUrl(): Option<string | undefined> {
  return { type: 'str', secret: true, read: toApiUrl };
}

/** A proxy's URL, credentials allowed. */
export function proxyUrl(): Option<string | undefined> {
  return { type: 'str', secret: true, read: toProxyUrl };
}

/** Without a slash at its end. */
function toApiUrl(value: unknown): string {
  const url = toOrigin(value);
  if (url.username !== '' || url.password !== '') {
    throw new InvalidValue('must not hold a user or password');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new InvalidValue(
      'http is accepted for a loopback address only, because the content of a request is not signed; use https',
    );
  }
  return url.origin;
}

function toProxyUrl(value: unknown): string {
  return toOrigin(value).href.replace(/\/$/, '');
}

function toOrigin(value: unknown): URL {
  const form = 'expected a URL such as https://host or https://host:8443';
  if (typeof value !== 'string' || !URL.canParse(value)) throw new InvalidValue(form);
  const url = new URL(value);
  if (!/^https?:$/.test(url.protocol)) throw new InvalidValue(`${form}, not ${url.protocol}`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new InvalidValue(`${form}, without path, query or fragment`);
  }
  return url;
}
