import { EXPECTED_PROXY, EXPECTED_SERVER, parseServerUrl } from '../base/server-url.ts';
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
  const url = toServerUrl(value, EXPECTED_SERVER);
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
  return toServerUrl(value, EXPECTED_PROXY).href.replace(/\/$/, '');
}

function toServerUrl(value: unknown, expected: string): URL {
  const url = typeof value === 'string' ? parseServerUrl(value) : undefined;
  if (url === undefined) throw new InvalidValue(expected);
  return url;
}
