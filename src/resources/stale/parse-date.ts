const RFC3339 = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** The start of the date that means "never" in JumpCloud's answers. */
const YEAR_ONE = '0001-01-01';

/**
 * Parses a date of a record (RFC 3339). Returns milliseconds since the epoch. Returns `none` for a
 * missing date or a date in year 1, and undefined for any other value that is not a date.
 */
export function parseDate(value: unknown): number | 'none' | undefined {
  if (value === undefined || value === null) return 'none';
  if (typeof value !== 'string') return undefined;
  if (value.startsWith(YEAR_ONE)) return 'none';
  // RFC 3339 allows lower-case letters and leap seconds.
  const text = value.toUpperCase().replace(/:60(?=[.Z+-])/, ':59');
  const day = RFC3339.exec(text)?.[1];
  const time = Date.parse(text);
  if (day === undefined || Number.isNaN(time) || /T24/.test(text)) return undefined;
  // Date.parse accepts impossible days such as 30 February, and moves them to the next month.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? time : undefined;
}
