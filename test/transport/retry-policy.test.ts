import { describe, expect, test } from 'vitest';
import { nextRetry } from '../../src/transport/retry-policy.ts';

const calm = { attempts: 1, retryAfterMs: undefined, remainingMs: 120_000, random: 0.5 };

describe('backoff', () => {
  test.each([
    [1, 0, 0],
    [1, 0.999, 499.5],
    [2, 0.999, 999],
    [4, 0.5, 2000],
    [5, 0.999, 7992],
    [6, 0.999, 9990],
    [40, 0.999, 9990],
  ])('after attempt %i with random %f waits %f ms', (attempts, random, expected) => {
    expect(nextRetry({ ...calm, attempts, random })).toBeCloseTo(expected);
  });
});

describe('Retry-After', () => {
  test('is waited for, and some more so that a fleet does not come back at once', () => {
    expect(nextRetry({ ...calm, retryAfterMs: 5000 })).toBe(5250);
  });

  test('spreads a fleet the more, the longer it is kept off', () => {
    const waited = { ...calm, retryAfterMs: 1000, random: 0.999 };
    expect(nextRetry({ ...waited, attempts: 7 })).toBeCloseTo(30_970);
    expect(nextRetry({ ...waited, attempts: 40 })).toBeCloseTo(30_970);
  });

  test('beyond the budget ends the trying at once', () => {
    expect(nextRetry({ ...calm, retryAfterMs: 120_000 })).toBeUndefined();
    expect(nextRetry({ ...calm, retryAfterMs: 3_600_000 })).toBeUndefined();
  });
});

describe('the end of the budget', () => {
  test('cuts a wait short, so that one last attempt fits', () => {
    expect(nextRetry({ ...calm, attempts: 10, remainingMs: 4000, random: 0.9 })).toBe(3500);
  });

  test('ends the trying when not even that fits', () => {
    expect(nextRetry({ ...calm, remainingMs: 500 })).toBeUndefined();
    expect(nextRetry({ ...calm, remainingMs: -1 })).toBeUndefined();
  });
});
