/**
 * Returns the value of the `Date` header (RFC 7231 IMF-fixdate) for a time in milliseconds since
 * the epoch. The value is English and GMT, independent of the host's locale and time zone.
 */
export function httpDate(time: number): string {
  return new Date(time).toUTCString();
}
