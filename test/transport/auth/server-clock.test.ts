import { describe, expect, test } from 'vitest';
import { ServerClock } from '../../../src/transport/auth/server-clock.ts';

const NOW = Date.UTC(2026, 6, 31, 12, 0, 0);
const SECOND = 1000;

/** An answer that tells a time, so many milliseconds from ours, or whatever it is given. */
function answerAt(told: number | string) {
  const date = typeof told === 'string' ? told : new Date(NOW + told).toUTCString();
  return { status: 200, headers: { date }, body: '', isUtf8: true };
}

/** One that has learnt from an answer. */
function taught(told: number | string): ServerClock {
  const clock = new ServerClock(() => NOW);
  clock.observe(answerAt(told));
  return clock;
}

describe('before any answer', () => {
  test('it is as ours, and knows of no difference', () => {
    const clock = new ServerClock(() => NOW);
    expect([clock.now(), clock.signingTime()]).toEqual([NOW, NOW]);
    expect([clock.offsetMs, clock.offset(), clock.warning()]).toEqual([undefined, null, undefined]);
  });
});

describe('an answer', () => {
  test.each([
    [0, 1],
    [-2 * SECOND, -1],
    [90 * SECOND, 91],
    [-90 * SECOND, -89],
  ])('that is %i ms off tells the time, to the middle of its second', (ms, offset) => {
    const clock = taught(ms);
    expect([clock.now(), clock.offsetMs, clock.offset()]).toEqual([NOW + ms, ms, offset]);
    // What our clock is signed with is a matter of a 401 alone.
    expect(clock.signingTime()).toBe(NOW);
    expect(clock.warning()).toBeUndefined();
  });

  test('counts before an earlier one', () => {
    const clock = taught(90 * SECOND);
    clock.observe(answerAt(-5 * SECOND));
    expect(clock.offsetMs).toBe(-5 * SECOND);
  });

  test.each([
    '',
    'yesterday',
    new Date(NOW).toISOString(),
    'Fri, 31 Jul 2026 12:00:00 CEST',
    'Fri, 31 Xxx 2026 12:00:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Sat, 31 Dec 2011 23:59:59 GMT',
    'Fri, 01 Jan 2100 00:00:00 GMT',
  ])('with the date "%s" tells nothing', (date) => {
    const clock = taught(date);
    expect([clock.now(), clock.offset()]).toEqual([NOW, null]);
    expect(clock.correctedTime(answerAt(date), 0)).toBeUndefined();
  });

  test('without a date tells nothing', () => {
    const clock = new ServerClock(() => NOW);
    clock.observe({ status: 200, headers: {}, body: '', isUtf8: true });
    expect(clock.offset()).toBeNull();
  });
});

describe('after a 401', () => {
  test.each([
    [30 * SECOND, false],
    [-30 * SECOND, false],
    [31 * SECOND, true],
    [-31 * SECOND, true],
  ])('a time that is %i ms from the one signed with is better: %s', (ms, isBetter) => {
    const clock = new ServerClock(() => NOW);
    expect(clock.correctedTime(answerAt(ms), NOW)).toBe(isBetter ? NOW + ms : undefined);
  });

  test('it is the time signed with that counts, not ours', () => {
    const clock = new ServerClock(() => NOW);
    expect(clock.correctedTime(answerAt(0), NOW - 60 * SECOND)).toBe(NOW);
    expect(clock.correctedTime(answerAt(-60 * SECOND), NOW - 60 * SECOND)).toBeUndefined();
  });

  test.each([
    [600 * SECOND, '600 s behind'],
    [-600 * SECOND, '600 s ahead of'],
  ])('corrected by %i ms it signs so, goes on, and says so once', (ms, words) => {
    let ours = NOW;
    const clock = new ServerClock(() => ours);
    clock.correct(NOW + ms);
    ours += 5 * SECOND;
    expect(clock.signingTime()).toBe(NOW + ms + 5 * SECOND);
    expect(clock.warning()).toContain(`This host's clock is ${words} JumpCloud's;`);
    expect(clock.warning()).toBeUndefined();
    expect(clock.clockCause()).toContain(`this host's clock is ${words} JumpCloud's:`);
  });
});

describe('over https', () => {
  const DAY = 86_400_000;
  const certificate = {
    validFrom: 'Jul 30 12:00:00 2026 GMT',
    validTo: 'Aug  9 12:00:00 2026 GMT',
  };

  test.each([
    [9 * DAY, true],
    [9 * DAY + SECOND, false],
    [-DAY, true],
    [-DAY - SECOND, false],
    [4 * 365 * DAY, false],
  ])('a time %i ms ahead of ours is believed within the certificate alone: %s', (ms, believed) => {
    const clock = new ServerClock(
      () => NOW,
      () => certificate,
    );
    expect(clock.correctedTime(answerAt(ms), NOW)).toBe(believed ? NOW + ms : undefined);
    clock.observe(answerAt(ms));
    expect(clock.offsetMs).toBe(believed ? ms : undefined);
  });
});
