import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { awaitSettledState } from '../../../src/resources/system/settle.ts';
import { test as base } from '../../harness/fixture.ts';
import { inSession } from '../../harness/in-session.ts';

// Waits of `node:timers/promises` use the fake clock. The module is imported early, because a fake
// clock does not wait for imports.
vi.mock('node:timers/promises', () => import('../../harness/timers-promises.ts'));
beforeAll(() => import('node:timers/promises'));
beforeEach(
  () => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'hrtime'] }),
);
afterEach(() => void vi.useRealTimers());

/**
 * The times at which the settings are overwritten, in seconds from the start. The settings remain
 * overwritten until the next write.
 */
type OverwriteTimes = number[];

/**
 * Runs `awaitSettledState` and returns its outcome, and a log of all reads and writes in seconds
 * from the start.
 */
const test = base.extend(
  'runSettle',
  ({ host }) =>
    async (seconds: number, overwriteTimes: OverwriteTimes) => {
      const start = Date.now();
      const now = () => (Date.now() - start) / 1000;
      const log: string[] = [];
      const holds = () => overwriteTimes[0] === undefined || now() < overwriteTimes[0];
      let outcome: unknown;
      await inSession(host.options, async (session, run) => {
        const budget = session.budget.remainingMs();
        const options = {
          seconds,
          read: async () => {
            log.push(`read ${now()}`);
            return holds();
          },
          drift: (agrees: boolean) => (agrees ? [] : ['display_name']),
          write: async () => {
            log.push(`write ${now()}`);
            overwriteTimes.shift();
          },
        };
        const settled = awaitSettledState(run, session, options, holds())
          .catch((error) => error)
          // Waiting does not use up the budget of the session.
          .finally(() => expect(session.budget.remainingMs()).toBeCloseTo(budget));
        await vi.advanceTimersByTimeAsync(seconds * 4000);
        outcome = await settled;
      });
      return { outcome, log };
    },
);

test('settings that have the desired values are read again until the settle time is over', async ({
  runSettle,
}) => {
  const { outcome, log } = await runSettle(3, []);
  expect(outcome).toEqual({ state: true, reapplied: 0 });
  expect(log).toEqual(['read 1', 'read 2', 'read 3']);
});

test('overwritten settings are written again, and the settle time starts again', async ({
  runSettle,
}) => {
  const { outcome, log } = await runSettle(3, [1.5]);
  expect(outcome).toEqual({ state: true, reapplied: 1 });
  expect(log).toEqual(['read 1', 'read 2', 'write 2', 'read 3', 'read 4', 'read 5']);
});

test('settings that differ at the start are written immediately', async ({ runSettle }) => {
  const { outcome, log } = await runSettle(2, [0]);
  expect(outcome).toEqual({ state: true, reapplied: 1 });
  expect(log).toEqual(['write 0', 'read 1', 'read 2']);
});

test('settings are read less often if the settle time is long', async ({ runSettle }) => {
  const { log } = await runSettle(600, []);
  expect(log.slice(0, 3)).toEqual(['read 5', 'read 10', 'read 15']);
  expect(log.at(-1)).toBe('read 600');
});

test('a run whose settings never stay as written fails after three times the settle time', async ({
  runSettle,
}) => {
  const { outcome, log } = await runSettle(2, [1, 2, 3, 4, 5, 6, 7, 8]);
  expect(outcome).toMatchObject({
    code: 'not_applied',
    details: { options: ['display_name'] },
    message: expect.stringMatching(
      /did not hold for 2 s, although they were written again \d times in 6 s/,
    ),
  });
  expect(log.filter((line) => line.startsWith('read')).at(-1)).toBe('read 6');
});
