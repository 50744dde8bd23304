// Messages for a text that `parseServerUrl` rejects. They do not quote the text, because it may
// contain a password.
export const SERVER_URL_MESSAGE =
  'expected an http or https URL such as https://host or https://host:8443, without path, query or fragment';
export const PROXY_URL_MESSAGE = `${SERVER_URL_MESSAGE}; special characters in user and password must be percent-encoded`;

/**
 * Parses the URL of a server: http or https, a host, and optionally a port, user and password.
 * Returns undefined for any other text. This includes a password with an unescaped `#`, `?` or `/`,
 * because a URL parser then takes the user for the host.
 */
export function parseServerUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isServer = /^https?:$/.test(url.protocol) && url.pathname === '/' && !/[?#]/.test(url.href);
  return isServer ? url : undefined;
}
