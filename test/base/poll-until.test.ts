import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type PollOptions, pollUntil } from '../../src/base/poll-until.ts';
import { RunReport } from '../../src/protocol/run-report.ts';

// The replacement uses the fake timers. It is loaded before the clock is faked, because a fake
// clock would not wait until the file is loaded.
vi.mock('node:timers/promises', () => import('../harness/timers-promises.ts'));
beforeAll(() => import('node:timers/promises'));

const START_MS = 1_000_000;
beforeEach(() => void vi.useFakeTimers({ now: START_MS }));
afterEach(() => void vi.useRealTimers());

/** Returns a run that records its waits. */
function recordingRun() {
  const waits: string[] = [];
  const report = new RunReport();
  report.showWait = (what, forMs) => {
    waits.push(`${what}: ${forMs}`);
    return () => waits.push('end');
  };
  const interruption = new AbortController();
  const run = { module: 'jumpcloud_test', check: false, signal: interruption.signal, report };
  return { run, waits, interruption };
}

/** Returns options that poll every 100 ms, for `forMs`. */
function optionsFor(forMs: number): PollOptions {
  return {
    what: 'for it',
    delayMs: () => 100,
    leftMs: () => START_MS + forMs - Date.now(),
  };
}

/** Returns a function, and the times of its calls. The function returns a value at its nth call. */
function readerWithValueAt(nth: number) {
  const times: number[] = [];
  const read = () => {
    times.push(Date.now() - START_MS);
    return times.length === nth ? 'value' : undefined;
  };
  return { read, times };
}

test('if the first read returns a value, pollUntil returns it without waiting', async () => {
  const { run, waits } = recordingRun();
  const { read, times } = readerWithValueAt(1);
  expect(await pollUntil(run, read, optionsFor(0))).toBe('value');
  expect([times, waits]).toEqual([[0], []]);
});

test('pollUntil reads again after each delay, and reports the wait once', async () => {
  const { run, waits } = recordingRun();
  const { read, times } = readerWithValueAt(4);
  const found = pollUntil(run, read, optionsFor(5000));
  await vi.advanceTimersByTimeAsync(5000);
  expect(await found).toBe('value');
  expect(times).toEqual([0, 100, 200, 300]);
  expect(waits).toEqual(['for it: 5000', 'end']);
});

test('pollUntil returns undefined when the time is up, after a last read', async () => {
  const { run, waits } = recordingRun();
  const { read, times } = readerWithValueAt(Infinity);
  const found = pollUntil(run, read, optionsFor(250));
  await vi.advanceTimersByTimeAsync(1000);
  expect(await found).toBeUndefined();
  expect(times).toEqual([0, 100, 200, 250]);
  expect(waits.at(-1)).toBe('end');
});

test('pollUntil calls delayMs before each delay', async () => {
  const { run } = recordingRun();
  const { read, times } = readerWithValueAt(4);
  let delay = 25;
  const delayMs = () => {
    delay *= 2;
    return delay;
  };
  const found = pollUntil(run, read, { ...optionsFor(5000), delayMs });
  await vi.advanceTimersByTimeAsync(5000);
  await found;
  expect(times).toEqual([0, 50, 150, 350]);
});

test('pollUntil rejects with the error of a read, and ends the wait', async () => {
  const { run, waits } = recordingRun();
  const failure = new Error('read failed');
  const { read, times } = readerWithValueAt(Infinity);
  const failing = () => {
    if (times.length === 2) throw failure;
    return read();
  };
  const outcome = expect(pollUntil(run, failing, optionsFor(5000))).rejects.toBe(failure);
  await vi.advanceTimersByTimeAsync(5000);
  await outcome;
  expect(waits.at(-1)).toBe('end');
});

test('pollUntil rejects at once with the reason of an interruption', async () => {
  const { run, waits, interruption } = recordingRun();
  const { read, times } = readerWithValueAt(Infinity);
  const reason = new Error('interrupted');
  const outcome = expect(pollUntil(run, read, optionsFor(5000))).rejects.toBe(reason);
  await vi.advanceTimersByTimeAsync(150);
  interruption.abort(reason);
  await outcome;
  expect([times, waits.at(-1)]).toEqual([[0, 100], 'end']);
});
