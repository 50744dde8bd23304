import { join } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pollUntil } from '../base/poll-until.ts';
import type { Run } from '../run.ts';
import {
  type LockAttempt,
  newLock,
  readLockHolder,
  releaseLock,
  removeDeadLock,
  takeLock,
} from './lock-file.ts';

const LOCK = '.jumpcloud-system.lock';
const POLL_INTERVAL_MS = 100;

/** Work to do under the lock. */
export interface LockedWork<T> {
  /** The maximum time for the work, and also for the wait for another run. In milliseconds. */
  readonly timeoutMs: number;
  /** Returns the warning for a lock that cannot be created. If undefined, there is no warning. */
  readonly unlockedWarning?: (path: string, code: string | undefined) => string;
  readonly work: () => Promise<T>;
}

/**
 * Runs `work` while this run alone holds the host's lock. Takes over the lock of a killed run at
 * once. In a directory that is not writable, `work` runs without a lock.
 * @throws LocalActionFailed when another run holds the lock until the timeout
 */
export async function withLock<T>(
  run: Run,
  agentDir: string,
  { timeoutMs, unlockedWarning, work }: LockedWork<T>,
): Promise<T> {
  const path = join(agentDir, LOCK);
  const own = newLock(timeoutMs);
  const end = monotonicMs() + timeoutMs;
  let attempt: LockAttempt = 'alive';
  const tryLock = () => {
    try {
      attempt = takeLock(path, own);
      return attempt === 'taken' ? attempt : undefined;
    } catch (error) {
      const warning = unlockedWarning?.(path, (error as NodeJS.ErrnoException).code);
      if (warning !== undefined) run.report.warn(warning);
      return 'unlocked';
    }
  };
  const outcome = await pollUntil(run, tryLock, {
    what: 'for another run to write',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => end - monotonicMs(),
  });
  if (outcome === undefined) throw lockHeldError(path, timeoutMs, attempt);
  try {
    return await work();
  } finally {
    if (outcome === 'taken') releaseLock(path, own);
  }
}

/** Removes the lock if the run that holds it was killed. */
export function cleanUpLock(agentDir: string): void {
  removeDeadLock(join(agentDir, LOCK));
}

function lockHeldError(path: string, timeoutMs: number, holder: LockAttempt): LocalActionFailed {
  const pid = readLockHolder(path)?.pid ?? 'unknown';
  const seconds = Math.max(Math.round(timeoutMs / 1000), 0);
  const why =
    holder === 'unknown'
      ? `process ${pid} holds it, and cannot be seen from here (it may be in another container)`
      : `another run (process ${pid}) holds it`;
  return new LocalActionFailed(
    [
      `Could not take the lock ${path} within ${seconds} s: ${why}.`,
      'Run again when that process has ended, or delete the lock if there is no such process.',
    ],
    { details: { path } },
  );
}
