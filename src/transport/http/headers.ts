/**
 * Converts raw headers to a record with lower-case names. Keeps the first value of a repeated
 * header.
 */
export function readHeaders(raw: readonly (Buffer | string)[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    headers[String(raw[i]).toLowerCase()] ??= String(raw[i + 1]);
  }
  return headers;
}
