import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../src/transport/retry/policy.ts';

const now = Date.UTC(2026, 10, 19, 8, 0, 0);

test.each([
  [undefined, undefined],
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7000],
  ['Thu, 19 Nov 2026 08:01:30 GMT', 90_000],
  ['Thu, 19 Nov 2026 07:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
])('parseRetryAfter parses %j as %j ms', (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});
