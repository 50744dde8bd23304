// For messages about what `parseServerUrl` refuses. That is never quoted: it may hold a password.
export const EXPECTED_SERVER =
  'expected an http or https URL such as https://host or https://host:8443, without path, query or fragment';
export const EXPECTED_PROXY = `${EXPECTED_SERVER}; special characters of user and password are percent-encoded`;

/**
 * Parses the URL of a server: http or https, host, port, and user and password if there are any.
 * Returns undefined for anything else. A password with an unescaped `#` or `/` ends the host's name
 * for a URL parser, which then takes the user for the host and a part of the password for the port.
 */
export function parseServerUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isServer = /^https?:$/.test(url.protocol) && url.pathname === '/' && !/[?#]/.test(url.href);
  return isServer ? url : undefined;
}
