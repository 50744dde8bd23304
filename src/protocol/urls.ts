import { Unfit } from './option.ts';

// A URL may hold credentials, so what was given is never quoted.

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The base of an API, without a slash at its end: https, or http on a loopback address. */
export function toApiUrl(value: unknown): string {
  const url = toOrigin(value);
  if (url.username !== '' || url.password !== '') {
    throw new Unfit('must not hold a user or password');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new Unfit(
      'http is accepted for a loopback address only, because the content of a request is not signed; use https',
    );
  }
  return url.origin;
}

/** A proxy's URL, credentials allowed. */
export function toProxyUrl(value: unknown): string {
  return toOrigin(value).href.replace(/\/$/, '');
}

function toOrigin(value: unknown): URL {
  const form = 'expected a URL such as https://host or https://host:8443';
  if (typeof value !== 'string' || !URL.canParse(value)) throw new Unfit(form);
  const url = new URL(value);
  if (!/^https?:$/.test(url.protocol)) throw new Unfit(`${form}, not ${url.protocol}`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new Unfit(`${form}, without path, query or fragment`);
  }
  return url;
}
