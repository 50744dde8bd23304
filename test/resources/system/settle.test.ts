import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { settle } from '../../../src/resources/system/settle.ts';
import { test as base } from '../../harness/fixture.ts';
import { inSession } from '../../harness/in-session.ts';

// Only the clock is faked. Loaded at once: a clock that is turned does not wait for a file.
vi.mock('node:timers/promises', () => import('../../harness/timers-promises.ts'));
beforeAll(() => import('node:timers/promises'));
beforeEach(
  () => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'hrtime'] }),
);
afterEach(() => void vi.useRealTimers());

/** When the settings are lost, in seconds from the start, each time until they are written again. */
type Losses = number[];

/** Settles for so many seconds, and tells of every look and write in seconds from the start. */
const test = base.extend('settling', ({ host }) => async (seconds: number, losses: Losses) => {
  const start = Date.now();
  const now = () => (Date.now() - start) / 1000;
  const told: string[] = [];
  const holds = () => losses[0] === undefined || now() < losses[0];
  let outcome: unknown;
  await inSession(host.options, async (session, run) => {
    const budget = session.budget.remaining();
    const settling = {
      seconds,
      read: async () => {
        told.push(`look ${now()}`);
        return holds();
      },
      drift: (agrees: boolean) => (agrees ? [] : ['display_name']),
      write: async () => {
        told.push(`write ${now()}`);
        losses.shift();
      },
    };
    const settled = settle(run, session, settling, holds())
      .catch((error) => error)
      // What was waited for is not taken from the time to talk.
      .finally(() => expect(session.budget.remaining()).toBeCloseTo(budget));
    await vi.advanceTimersByTimeAsync(seconds * 4000);
    outcome = await settled;
  });
  return { outcome, told };
});

test('what holds is looked at until it has held', async ({ settling }) => {
  const { outcome, told } = await settling(3, []);
  expect(outcome).toEqual({ state: true, reapplied: 0 });
  expect(told).toEqual(['look 1', 'look 2', 'look 3']);
});

test('what is lost is written again, and has to hold anew', async ({ settling }) => {
  const { outcome, told } = await settling(3, [1.5]);
  expect(outcome).toEqual({ state: true, reapplied: 1 });
  expect(told).toEqual(['look 1', 'look 2', 'write 2', 'look 3', 'look 4', 'look 5']);
});

test('what does not agree from the start is written at once', async ({ settling }) => {
  const { outcome, told } = await settling(2, [0]);
  expect(outcome).toEqual({ state: true, reapplied: 1 });
  expect(told).toEqual(['write 0', 'look 1', 'look 2']);
});

test('the longer it has to hold, the less often it is looked at', async ({ settling }) => {
  const { told } = await settling(600, []);
  expect(told.slice(0, 3)).toEqual(['look 5', 'look 10', 'look 15']);
  expect(told.at(-1)).toBe('look 600');
});

test('what never holds is a failure after three times the time', async ({ settling }) => {
  const { outcome, told } = await settling(2, [1, 2, 3, 4, 5, 6, 7, 8]);
  expect(outcome).toMatchObject({
    code: 'not_applied',
    details: { options: ['display_name'] },
    message: expect.stringMatching(
      /did not hold for 2 s, although they were written again \d times in 6 s/,
    ),
  });
  expect(told.filter((line) => line.startsWith('look')).at(-1)).toBe('look 6');
});
