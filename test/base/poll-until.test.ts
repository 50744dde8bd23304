import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type PollOptions, pollUntil } from '../../src/base/poll-until.ts';
import { RunReport } from '../../src/protocol/run-report.ts';

// Only the clock is faked. Loaded at once: a clock that is turned does not wait for a file.
vi.mock('node:timers/promises', () => import('../harness/timers-promises.ts'));
beforeAll(() => import('node:timers/promises'));

const START = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

/** A run that keeps what it is told to wait for. */
function watched() {
  const waits: string[] = [];
  const report = new RunReport();
  report.showWait = (what, forMs) => {
    waits.push(`${what}: ${forMs}`);
    return () => waits.push('over');
  };
  const interruption = new AbortController();
  const run = { module: 'jumpcloud_test', check: false, signal: interruption.signal, report };
  return { run, waits, interruption };
}

/** Looks once in 100 ms, for so long. */
function polling(forMs: number): PollOptions {
  return {
    what: 'for it',
    delayMs: () => 100,
    leftMs: () => START + forMs - Date.now(),
  };
}

/** What there is to see from the nth look on, with the times of all looks. */
function seenAt(nth: number) {
  const looks: number[] = [];
  const look = () => {
    looks.push(Date.now() - START);
    return looks.length === nth ? 'seen' : undefined;
  };
  return { look, looks };
}

test('gives what the first look sees, and waits for nothing', async () => {
  const { run, waits } = watched();
  const { look, looks } = seenAt(1);
  expect(await pollUntil(run, look, polling(0))).toBe('seen');
  expect([looks, waits]).toEqual([[0], []]);
});

test('looks again after each delay, and tells once what is waited for', async () => {
  const { run, waits } = watched();
  const { look, looks } = seenAt(4);
  const found = pollUntil(run, look, polling(5000));
  await vi.advanceTimersByTimeAsync(5000);
  expect(await found).toBe('seen');
  expect(looks).toEqual([0, 100, 200, 300]);
  expect(waits).toEqual(['for it: 5000', 'over']);
});

test('gives nothing when the time is up, after a last look at its very end', async () => {
  const { run, waits } = watched();
  const { look, looks } = seenAt(Infinity);
  const found = pollUntil(run, look, polling(250));
  await vi.advanceTimersByTimeAsync(1000);
  expect(await found).toBeUndefined();
  expect(looks).toEqual([0, 100, 200, 250]);
  expect(waits.at(-1)).toBe('over');
});

test('asks before each delay how long it is', async () => {
  const { run } = watched();
  const { look, looks } = seenAt(4);
  let delay = 25;
  const delayMs = () => {
    delay *= 2;
    return delay;
  };
  const found = pollUntil(run, look, { ...polling(5000), delayMs });
  await vi.advanceTimersByTimeAsync(5000);
  await found;
  expect(looks).toEqual([0, 50, 150, 350]);
});

test('rejects with what a look throws, and waits no more', async () => {
  const { run, waits } = watched();
  const failure = new Error('no look');
  const { look, looks } = seenAt(Infinity);
  const failing = () => {
    if (looks.length === 2) throw failure;
    return look();
  };
  const outcome = expect(pollUntil(run, failing, polling(5000))).rejects.toBe(failure);
  await vi.advanceTimersByTimeAsync(5000);
  await outcome;
  expect(waits.at(-1)).toBe('over');
});

test('rejects with the reason of an interruption, at once', async () => {
  const { run, waits, interruption } = watched();
  const { look, looks } = seenAt(Infinity);
  const reason = new Error('interrupted');
  const outcome = expect(pollUntil(run, look, polling(5000))).rejects.toBe(reason);
  await vi.advanceTimersByTimeAsync(150);
  interruption.abort(reason);
  await outcome;
  expect([looks, waits.at(-1)]).toEqual([[0, 100], 'over']);
});
