import { join } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pollUntil } from '../base/poll-until.ts';
import type { Run } from '../run.ts';
import {
  type LockOutcome,
  prepareLock,
  readLockHolder,
  releaseLock,
  removeStaleLock,
  takeLock,
} from './lock-file.ts';

const LOCK_FILE_NAME = '.jumpcloud-system.lock';
const POLL_INTERVAL_MS = 100;

/** The work that a run does while it holds the lock. */
export interface LockedWork<T> {
  /**
   * The maximum time for the work, in milliseconds. The wait for another run's lock has the same
   * limit.
   */
  readonly timeoutMs: number;
  /**
   * Returns the warning for a lock that cannot be created. Without this function, there is no
   * warning.
   */
  readonly unlockedWarning?: (path: string, code: string | undefined) => string;
  readonly work: () => Promise<T>;
}

/**
 * Runs `work` while this run holds the host's lock, so that no other run writes. Takes over the
 * lock of a killed run at once. In a directory that is not writable, runs `work` without a lock.
 * @throws LocalActionFailed when another run holds the lock until the timeout
 */
export async function withLock<T>(
  run: Run,
  agentDir: string,
  { timeoutMs, unlockedWarning, work }: LockedWork<T>,
): Promise<T> {
  const path = join(agentDir, LOCK_FILE_NAME);
  const ownLock = prepareLock(timeoutMs);
  const deadlineMs = monotonicMs() + timeoutMs;
  let attempt: LockOutcome = 'alive';
  const tryLock = () => {
    try {
      attempt = takeLock(path, ownLock);
      return attempt === 'acquired' ? attempt : undefined;
    } catch (error) {
      const warning = unlockedWarning?.(path, (error as NodeJS.ErrnoException).code);
      if (warning !== undefined) run.report.warn(warning);
      return 'unlocked';
    }
  };
  const outcome = await pollUntil(run, tryLock, {
    what: 'for another run to finish writing',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => deadlineMs - monotonicMs(),
  });
  if (outcome === undefined) throw lockHeldError(path, timeoutMs, attempt);
  try {
    return await work();
  } finally {
    if (outcome === 'acquired') releaseLock(path, ownLock);
  }
}

/** Removes the host's lock if it belongs to a killed run. */
export function cleanUpLock(agentDir: string): void {
  removeStaleLock(join(agentDir, LOCK_FILE_NAME));
}

function lockHeldError(
  path: string,
  timeoutMs: number,
  lastAttempt: LockOutcome,
): LocalActionFailed {
  const pid = readLockHolder(path)?.pid ?? 'unknown';
  const seconds = Math.max(Math.round(timeoutMs / 1000), 0);
  const reason =
    lastAttempt === 'unknown'
      ? `process ${pid} holds it, but is not visible to this run (it may be in another container)`
      : `another run (process ${pid}) holds it`;
  return new LocalActionFailed(
    [
      `Could not take the lock ${path} within ${seconds} s: ${reason}.`,
      'If the process that holds the lock still runs, run again when it has ended. Otherwise, delete the lock.',
    ],
    { details: { path } },
  );
}
