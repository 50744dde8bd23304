import { describe, expect, test } from 'vitest';
import { isTransientStatus, nextRetry } from '../../../src/transport/retry/policy.ts';

const calm = { attempts: 1, retryAfterMs: undefined, remainingMs: 120_000, random: 0.5 };

describe('backoff', () => {
  test.each([
    [1, 0, 0],
    [1, 0.999, 499.5],
    [2, 0.999, 999],
    [4, 0.5, 2000],
    [5, 0.999, 7992],
    [6, 0.999, 15_984],
    [7, 0.999, 29_970],
    [40, 0.999, 29_970],
  ])('after attempt %i with random %f waits %f ms', (attempts, random, expected) => {
    expect(nextRetry({ ...calm, attempts, random })).toBeCloseTo(expected);
  });
});

test.each([
  [1000, 250],
  [1999, 499.75],
  [2000, 500],
  [8000, 2000],
  [120_000, 30_000],
  [1_000_000, 30_000],
])('with %i ms left a wait is at most %f ms', (remainingMs, longest) => {
  const wait = nextRetry({ ...calm, attempts: 40, remainingMs, random: 1 - Number.EPSILON });
  expect(wait).toBeCloseTo(longest);
});

test.each([408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530])(
  '%i is transient',
  (status) => {
    expect(isTransientStatus(status)).toBe(true);
  },
);

test.each([200, 400, 401, 403, 404, 409, 422, 501, 505, 511, 519, 528, 529, 531, 599])(
  '%i is not transient',
  (status) => {
    expect(isTransientStatus(status)).toBe(false);
  },
);

test.each([0.5, 0.8, 0.9, 0.94, 0.999])(
  'with random %f an outage of 30 s ends soon within 45',
  (random) => {
    let [passedMs, attempts] = [0, 0];
    while (passedMs < 30_000) {
      const remainingMs = 45_000 - passedMs;
      passedMs += nextRetry({ ...calm, attempts: ++attempts, remainingMs, random }) ?? Infinity;
    }
    expect(passedMs).toBeLessThan(34_000);
  },
);

describe('Retry-After', () => {
  test('is waited for, and some more so that a fleet does not come back at once', () => {
    expect(nextRetry({ ...calm, retryAfterMs: 5000 })).toBe(5250);
  });

  test('beyond the budget ends the trying at once', () => {
    expect(nextRetry({ ...calm, retryAfterMs: 120_000 })).toBeUndefined();
    expect(nextRetry({ ...calm, retryAfterMs: 3_600_000 })).toBeUndefined();
  });
});

describe('the end of the budget', () => {
  test('cuts a wait short, so that one last attempt fits', () => {
    expect(
      nextRetry({ ...calm, attempts: 10, retryAfterMs: 3000, remainingMs: 4000, random: 0.9 }),
    ).toBe(3500);
  });

  test('ends the trying when not even that fits', () => {
    expect(nextRetry({ ...calm, remainingMs: 500 })).toBeUndefined();
    expect(nextRetry({ ...calm, remainingMs: -1 })).toBeUndefined();
  });
});
