/**
 * Formats a time as a `Date` header (RFC 7231 IMF-fixdate). `time` is in milliseconds since the
 * epoch. The result is in English and GMT, whatever the host's locale and time zone.
 */
export function httpDate(time: number): string {
  return new Date(time).toUTCString();
}
