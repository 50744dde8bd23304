/**
 * The `Date` header's value (RFC 7231 IMF-fixdate) of a time in milliseconds since the epoch.
 * Always English and GMT, whatever the host's locale and time zone.
 */
export function httpDate(time: number): string {
  return new Date(time).toUTCString();
}
