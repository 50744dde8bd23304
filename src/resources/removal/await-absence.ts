import { type Absence, lookUpSystem, type Presence } from '../../api/systems.ts';
import { NotApplied, RateLimited, Unavailable } from '../../errors.ts';
import { monotonicMs } from '../../monotonic-clock.ts';
import { pollUntil } from '../../poll-until.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';

const LOOK_EVERY_MS = 1000;

/**
 * Reads this host's record until it is gone; undefined when it is still there once the time is up.
 * `what` is what came of the DELETE, for messages.
 * @throws NotApplied when it cannot be read
 */
export async function awaitAbsence(
  session: HostSession,
  run: Run,
  what: string,
): Promise<Absence | undefined> {
  const end = monotonicMs() + READ_BACK_TIMEOUT_MS;
  let isSeen = false;
  const look = async () => {
    const seen = await lookUp(session, what).catch((error: unknown): Presence => {
      // Once it was seen to be there, that the time ran out over another look says no more.
      if (isSeen && error instanceof NotApplied) return { isThere: true };
      throw error;
    });
    isSeen = seen.isThere;
    return seen.isThere ? undefined : seen;
  };
  return pollUntil(run, look, {
    what: 'for JumpCloud to show that the record is gone',
    delayMs: () => LOOK_EVERY_MS,
    leftMs: () => Math.min(end - monotonicMs(), session.budget.remaining()),
  });
}

async function lookUp(session: HostSession, what: string): Promise<Presence> {
  try {
    return await lookUpSystem(session);
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RateLimited)) throw error;
    throw new NotApplied(
      `${what}, but that its record is gone could not be seen: ${error.message} The host keeps its key until then.`,
      { details: error.details, cause: error },
    );
  }
}
