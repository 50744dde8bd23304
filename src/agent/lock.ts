import { join } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pollUntil } from '../base/poll-until.ts';
import type { Run } from '../run.ts';
import {
  readLockHolder,
  type LockAttempt,
  newLock,
  releaseLock,
  removeDeadLock,
  takeLock,
} from './lock-file.ts';

const LOCK = '.jumpcloud-system.lock';
const POLL_INTERVAL_MS = 100;

/** What is done under the lock. */
export interface LockedWork<T> {
  /** How long it may take, and how long another run is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** The warning when no lock can be made; none if not said. */
  readonly unlockedWarning?: (path: string, code: string | undefined) => string;
  readonly work: () => Promise<T>;
}

/**
 * Does something while no other run on this host does anything under the lock. The lock of a run
 * that was killed is taken over at once. In a directory that cannot be written there is no lock.
 * @throws LocalActionFailed when another run has the lock until the time is up
 */
export async function withLock<T>(
  run: Run,
  agentDir: string,
  { timeoutMs, unlockedWarning, work }: LockedWork<T>,
): Promise<T> {
  const path = join(agentDir, LOCK);
  const own = newLock(timeoutMs);
  const end = monotonicMs() + timeoutMs;
  let other: LockAttempt = 'alive';
  const look = () => {
    try {
      other = takeLock(path, own);
      return other === 'taken' ? other : undefined;
    } catch (error) {
      const warning = unlockedWarning?.(path, (error as NodeJS.ErrnoException).code);
      if (warning !== undefined) run.report.warn(warning);
      return 'unlocked';
    }
  };
  const got = await pollUntil(run, look, {
    what: 'for another run to write',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => end - monotonicMs(),
  });
  if (got === undefined) throw lockHeldError(path, timeoutMs, other);
  try {
    return await work();
  } finally {
    if (got === 'taken') releaseLock(path, own);
  }
}

/** Removes the lock if the run that took it was killed. */
export function cleanUpLock(agentDir: string): void {
  removeDeadLock(join(agentDir, LOCK));
}

function lockHeldError(path: string, timeoutMs: number, other: LockAttempt): LocalActionFailed {
  const pid = readLockHolder(path)?.pid ?? 'unknown';
  const seconds = Math.max(Math.round(timeoutMs / 1000), 0);
  const why =
    other === 'unknown'
      ? `process ${pid} holds it, and cannot be seen from here (it may be in another container)`
      : `another run (process ${pid}) holds it`;
  return new LocalActionFailed(
    `Could not take the lock ${path} within ${seconds} s: ${why}. Run again when that process has ended, or delete the lock if there is no such process.`,
    { details: { path } },
  );
}
