import { expect, test } from 'vitest';
import { parseDate } from '../../../src/resources/stale/parse-date.ts';

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
  ['2026-01-02t03:04:05.6789z', '2026-01-02T03:04:05.678Z'],
  ['2026-01-02T03:04:05+05:30', '2026-01-01T21:34:05.000Z'],
  ['2026-01-02T03:04:05-00:00', '2026-01-02T03:04:05.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
])('parseDate reads %s as the time %s', (text, expected) => {
  const time = parseDate(text);
  expect(typeof time === 'number' && new Date(time).toISOString()).toBe(expected);
});

test.each([undefined, null, '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000+00:00'])(
  'parseDate returns `none` for %j',
  (value) => expect(parseDate(value)).toBe('none'),
);

test.each<unknown>([
  '',
  ' 2026-01-02T03:04:05Z',
  '2026-01-02',
  '2026-01-02T03:04:05',
  '2026-01-02 03:04:05Z',
  '2026-01-02T03:04Z',
  '2026-02-30T00:00:00Z',
  '2025-02-29T00:00:00Z',
  '2026-01-02T24:00:00Z',
  '2026-01-02T03:60:00Z',
  '2026-01-02T03:04:05+24:00',
  '2026-01-02T03:04:05+0530',
  'Fri, 02 Jan 2026 03:04:05 GMT',
  1767323045000,
  true,
  {},
  ['2026-01-02T03:04:05Z'],
])('%j cannot be read as a date', (value) => {
  expect(parseDate(value)).toBeUndefined();
});
