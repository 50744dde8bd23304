import { PROXY_URL_MESSAGE, parseServerUrl, SERVER_URL_MESSAGE } from '../base/server-url.ts';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';

// A URL may contain credentials, so messages never quote it.

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Defines an option that takes the base URL of an API: https, or http to a loopback address. */
export function apiUrl(): Option<string | undefined> {
  return { type: 'str', secret: true, read: toApiUrl };
}

/**
 * Defines an option that takes the full URL of an endpoint: https, or http to a loopback address.
 * Rejects credentials in the URL.
 */
export function endpointUrl(): Option<string | undefined> {
  return { type: 'str', read: toEndpointUrl };
}

/** Defines an option that takes a proxy's URL, which may contain credentials. */
export function proxyUrl(): Option<string | undefined> {
  return { type: 'str', secret: true, read: toProxyUrl };
}

/** Reads the base URL of an API. Returns it without a trailing slash. */
function toApiUrl(value: unknown): string {
  const url = toServerUrl(value, SERVER_URL_MESSAGE);
  requireSafeUrl(url, 'the content of a request is not signed');
  return url.origin;
}

function toEndpointUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || /[?#]/.test(url.href)) {
    throw new InvalidValue(
      'expected an http or https URL such as https://host/path, without query or fragment',
    );
  }
  requireSafeUrl(url, 'http would carry a secret over the network unencrypted');
  return url.href;
}

function requireSafeUrl({ username, password, protocol, hostname }: URL, reason: string): void {
  if (username !== '' || password !== '') {
    throw new InvalidValue('must not hold a user or password');
  }
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) {
    throw new InvalidValue(
      `http is accepted for a loopback address only, because ${reason}; use https`,
    );
  }
}

function toProxyUrl(value: unknown): string {
  return toServerUrl(value, PROXY_URL_MESSAGE).href.replace(/\/$/, '');
}

function toServerUrl(value: unknown, expected: string): URL {
  const url = typeof value === 'string' ? parseServerUrl(value) : undefined;
  if (url === undefined) throw new InvalidValue(expected);
  return url;
}
