import { describe, expect, test } from 'vitest';
import { ServerClock } from '../../../src/transport/auth/server-clock.ts';

const NOW_MS = Date.UTC(2026, 6, 31, 12, 0, 0);
const SECOND_MS = 1000;

/**
 * Returns an answer whose Date header is a given text, or the time at a given offset in
 * milliseconds.
 */
function answerAt(time: number | string) {
  const date = typeof time === 'string' ? time : new Date(NOW_MS + time).toUTCString();
  return { status: 200, headers: { date }, body: '', isUtf8: true };
}

/** Returns a clock that has observed an answer. */
function clockAfter(time: number | string): ServerClock {
  const clock = new ServerClock(() => NOW_MS);
  clock.observe(answerAt(time));
  return clock;
}

describe('ServerClock before any answer', () => {
  test("a ServerClock without answers equals the host's clock and has no offset", () => {
    const clock = new ServerClock(() => NOW_MS);
    expect([clock.now(), clock.signingTime()]).toEqual([NOW_MS, NOW_MS]);
    expect([clock.offsetMs, clock.offsetInSeconds(), clock.warning()]).toEqual([
      undefined,
      null,
      undefined,
    ]);
  });
});

describe('ServerClock.observe', () => {
  test.each([
    [0, 1],
    [-2 * SECOND_MS, -1],
    [90 * SECOND_MS, 91],
    [-90 * SECOND_MS, -89],
  ])(
    "after an answer whose time differs from the host's by %i ms, a ServerClock has the time of the answer, and reports an offset of %i s",
    (ms, offset) => {
      const clock = clockAfter(ms);
      expect([clock.now(), clock.offsetMs, clock.offsetInSeconds()]).toEqual([
        NOW_MS + ms,
        ms,
        offset,
      ]);
      // Only a 401 changes the signing time.
      expect(clock.signingTime()).toBe(NOW_MS);
      expect(clock.warning()).toBeUndefined();
    },
  );

  test('a ServerClock uses the time of the latest answer', () => {
    const clock = clockAfter(90 * SECOND_MS);
    clock.observe(answerAt(-5 * SECOND_MS));
    expect(clock.offsetMs).toBe(-5 * SECOND_MS);
  });

  test.each([
    '',
    'yesterday',
    new Date(NOW_MS).toISOString(),
    'Fri, 31 Jul 2026 12:00:00 CEST',
    'Fri, 31 Xxx 2026 12:00:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Sat, 31 Dec 2011 23:59:59 GMT',
    'Fri, 01 Jan 2100 00:00:00 GMT',
  ])('a ServerClock ignores the date "%s"', (date) => {
    const clock = clockAfter(date);
    expect([clock.now(), clock.offsetInSeconds()]).toEqual([NOW_MS, null]);
    expect(clock.correctedTime(answerAt(date), 0)).toBeUndefined();
  });

  test('a ServerClock ignores an answer without a date', () => {
    const clock = new ServerClock(() => NOW_MS);
    clock.observe({ status: 200, headers: {}, body: '', isUtf8: true });
    expect(clock.offsetInSeconds()).toBeNull();
  });
});

describe('ServerClock after a 401', () => {
  test.each([
    [30 * SECOND_MS, false],
    [-30 * SECOND_MS, false],
    [31 * SECOND_MS, true],
    [-31 * SECOND_MS, true],
  ])('whether correctedTime corrects a signing time that was %i ms off: %s', (ms, isCorrected) => {
    const clock = new ServerClock(() => NOW_MS);
    expect(clock.correctedTime(answerAt(ms), NOW_MS)).toBe(isCorrected ? NOW_MS + ms : undefined);
  });

  test("correctedTime compares the server's time with the signing time, not with the host's time", () => {
    const clock = new ServerClock(() => NOW_MS);
    expect(clock.correctedTime(answerAt(0), NOW_MS - 60 * SECOND_MS)).toBe(NOW_MS);
    expect(clock.correctedTime(answerAt(-60 * SECOND_MS), NOW_MS - 60 * SECOND_MS)).toBeUndefined();
  });

  test.each([
    [600 * SECOND_MS, '600 s behind'],
    [-600 * SECOND_MS, '600 s ahead of'],
  ])('a ServerClock corrects the signing time by %i ms and warns once', (ms, words) => {
    let hostTime = NOW_MS;
    const clock = new ServerClock(() => hostTime);
    clock.correct(NOW_MS + ms);
    hostTime += 5 * SECOND_MS;
    expect(clock.signingTime()).toBe(NOW_MS + ms + 5 * SECOND_MS);
    expect(clock.warning()).toContain(`This host's clock is ${words} JumpCloud's;`);
    expect(clock.warning()).toBeUndefined();
    expect(clock.clockCause()).toContain(`this host's clock is ${words} JumpCloud's:`);
  });
});

describe('ServerClock over https', () => {
  const DAY = 86_400_000;
  const certificate = {
    validFrom: 'Jul 30 12:00:00 2026 GMT',
    validTo: 'Aug  9 12:00:00 2026 GMT',
  };

  test.each([
    [9 * DAY, true],
    [9 * DAY + SECOND_MS, false],
    [-DAY, true],
    [-DAY - SECOND_MS, false],
    [4 * 365 * DAY, false],
  ])(
    "a ServerClock accepts only times within the certificate's validity (whether %i ms ahead of the host's clock is accepted: %s)",
    (ms, isAccepted) => {
      const clock = new ServerClock(
        () => NOW_MS,
        () => certificate,
      );
      expect(clock.correctedTime(answerAt(ms), NOW_MS)).toBe(isAccepted ? NOW_MS + ms : undefined);
      clock.observe(answerAt(ms));
      expect(clock.offsetMs).toBe(isAccepted ? ms : undefined);
    },
  );
});
