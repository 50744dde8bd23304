// For messages about texts that `parseServerUrl` rejects. The texts are never quoted, because they
// may contain a password.
export const EXPECTED_SERVER =
  'expected an http or https URL such as https://host or https://host:8443, without path, query or fragment';
export const EXPECTED_PROXY = `${EXPECTED_SERVER}; special characters in user and password must be percent-encoded`;

/**
 * Parses the URL of a server: http or https, host, port, and optionally user and password. Returns
 * undefined for anything else, for example for a URL whose password has an unescaped `#` or `/`: a
 * URL parser would read its user as the host, and part of its password as the port.
 */
export function parseServerUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isServer = /^https?:$/.test(url.protocol) && url.pathname === '/' && !/[?#]/.test(url.href);
  return isServer ? url : undefined;
}
