import { describe, expect, test } from 'vitest';
import { isTransientStatus, nextDelayMs } from '../../../src/transport/retry/policy.ts';

const firstFailure = { attempts: 1, retryAfterMs: undefined, remainingMs: 120_000, random: 0.5 };

describe('nextDelayMs without Retry-After', () => {
  test.each([
    [1, 0, 0],
    [1, 0.999, 499.5],
    [2, 0.999, 999],
    [4, 0.5, 2000],
    [5, 0.999, 7992],
    [6, 0.999, 15_984],
    [7, 0.999, 29_970],
    [40, 0.999, 29_970],
  ])(
    'after attempt %i with random %f, nextDelayMs returns a wait of %f ms',
    (attempts, random, expected) => {
      expect(nextDelayMs({ ...firstFailure, attempts, random })).toBeCloseTo(expected);
    },
  );
});

test.each([
  [1000, 250],
  [1999, 499.75],
  [2000, 500],
  [8000, 2000],
  [120_000, 30_000],
  [1_000_000, 30_000],
])('nextDelayMs with %i ms left returns a wait of at most %f ms', (remainingMs, longest) => {
  const wait = nextDelayMs({
    ...firstFailure,
    attempts: 40,
    remainingMs,
    random: 1 - Number.EPSILON,
  });
  expect(wait).toBeCloseTo(longest);
});

test.each([408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530])(
  'isTransientStatus is true for %i',
  (status) => {
    expect(isTransientStatus(status)).toBe(true);
  },
);

test.each([200, 400, 401, 403, 404, 409, 422, 501, 505, 511, 519, 528, 529, 531, 599])(
  'isTransientStatus is false for %i',
  (status) => {
    expect(isTransientStatus(status)).toBe(false);
  },
);

test.each([0.5, 0.8, 0.9, 0.94, 0.999])(
  'with the random number %f and a budget of 45 s, the end of an outage of 30 s is noticed within 4 s',
  (random) => {
    let [passedMs, attempts] = [0, 0];
    while (passedMs < 30_000) {
      const remainingMs = 45_000 - passedMs;
      passedMs +=
        nextDelayMs({ ...firstFailure, attempts: ++attempts, remainingMs, random }) ?? Infinity;
    }
    expect(passedMs).toBeLessThan(34_000);
  },
);

describe('nextDelayMs with Retry-After', () => {
  test('nextDelayMs adds jitter, so that the hosts of a fleet do not retry in the same second', () => {
    expect(nextDelayMs({ ...firstFailure, retryAfterMs: 5000 })).toBe(5250);
  });

  test('nextDelayMs returns undefined if the wait in Retry-After exceeds the budget', () => {
    expect(nextDelayMs({ ...firstFailure, retryAfterMs: 120_000 })).toBeUndefined();
    expect(nextDelayMs({ ...firstFailure, retryAfterMs: 3_600_000 })).toBeUndefined();
  });
});

describe('nextDelayMs near the end of the budget', () => {
  test('nextDelayMs shortens a wait so that one more attempt fits into the budget', () => {
    expect(
      nextDelayMs({
        ...firstFailure,
        attempts: 10,
        retryAfterMs: 3000,
        remainingMs: 4000,
        random: 0.9,
      }),
    ).toBe(3500);
  });

  test('nextDelayMs returns undefined when no further attempt fits into the budget', () => {
    expect(nextDelayMs({ ...firstFailure, remainingMs: 500 })).toBeUndefined();
    expect(nextDelayMs({ ...firstFailure, remainingMs: -1 })).toBeUndefined();
  });
});
