import { checkPresence, type RecordAbsence, type RecordPresence } from '../../api/systems.ts';
import { NotApplied, RateLimited, Unavailable } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';

const POLL_INTERVAL_MS = 1000;

/**
 * Reads this host's record until it is gone; undefined when it is still there once the time is up.
 * `what` is what came of the DELETE, for messages.
 * @throws NotApplied when it cannot be read
 */
export async function awaitGone(
  session: HostSession,
  run: Run,
  what: string,
): Promise<RecordAbsence | undefined> {
  const end = monotonicMs() + READ_BACK_TIMEOUT_MS;
  let isSeen = false;
  const look = async () => {
    const seen = await lookUp(session, what).catch((error: unknown): RecordPresence => {
      // Once it was seen to be there, that the time ran out over another look says no more.
      if (isSeen && error instanceof NotApplied) return { isThere: true };
      throw error;
    });
    isSeen = seen.isThere;
    return seen.isThere ? undefined : seen;
  };
  return pollUntil(run, look, {
    what: 'for JumpCloud to show that the record is gone',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => Math.min(end - monotonicMs(), session.budget.remaining()),
  });
}

async function lookUp(session: HostSession, what: string): Promise<RecordPresence> {
  try {
    return await checkPresence(session);
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RateLimited)) throw error;
    throw error.wrapAs(
      NotApplied,
      `${what}, but that its record is gone could not be seen: ${error.message} The host keeps its key until then.`,
    );
  }
}
