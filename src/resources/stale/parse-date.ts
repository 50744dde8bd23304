const RFC3339 = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** The start of the date that stands for "never" in JumpCloud's answers. */
const YEAR_ONE = '0001-01-01';

/**
 * Parses a date of a record. Returns milliseconds since the epoch; `none` for a missing date and for
 * one of year 1; undefined for anything else that is not a date of RFC 3339.
 */
export function parseDate(value: unknown): number | 'none' | undefined {
  if (value === undefined || value === null) return 'none';
  if (typeof value !== 'string') return undefined;
  if (value.startsWith(YEAR_ONE)) return 'none';
  // RFC 3339 allows small letters, and leap seconds.
  const text = value.toUpperCase().replace(/:60(?=[.Z+-])/, ':59');
  const day = RFC3339.exec(text)?.[1];
  const time = Date.parse(text);
  if (day === undefined || Number.isNaN(time) || /T24/.test(text)) return undefined;
  // Date.parse accepts days that a month does not have.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? time : undefined;
}
