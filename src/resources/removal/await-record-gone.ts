import { checkPresence, type MissingOrDenied, type RecordPresence } from '../../api/systems.ts';
import { NotApplied, RateLimited, Unavailable } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';

const POLL_INTERVAL_MS = 1000;

/**
 * Polls this host's record until it is gone. Returns undefined when the record still exists after
 * the timeout. `deletion` is a clause that reports the answer to the DELETE. Error messages begin
 * with it.
 * @throws NotApplied when no read shows whether the record is gone
 */
export async function awaitRecordGone(
  session: HostSession,
  run: Run,
  deletion: string,
): Promise<MissingOrDenied | undefined> {
  const end = monotonicMs() + READ_BACK_TIMEOUT_MS;
  let didExist = false;
  const poll = async () => {
    const presence = await checkPresenceAfterDelete(session, deletion).catch(
      (error: unknown): RecordPresence => {
        // The previous read found the record. That result is more useful than an error about the
        // used-up budget.
        if (didExist && error instanceof NotApplied) return { isThere: true };
        throw error;
      },
    );
    didExist = presence.isThere;
    return presence.isThere ? undefined : presence;
  };
  return pollUntil(run, poll, {
    what: 'for JumpCloud to show that the record is gone',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => Math.min(end - monotonicMs(), session.budget.remainingMs()),
  });
}

async function checkPresenceAfterDelete(
  session: HostSession,
  deletion: string,
): Promise<RecordPresence> {
  try {
    return await checkPresence(session);
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RateLimited)) throw error;
    throw error.wrapAs(
      NotApplied,
      `${deletion}. This run could not check whether the record is gone: ${error.message} The host keeps its key until a run confirms that the record is gone.`,
    );
  }
}
