import { identityFiles } from '../../agent/purge.ts';
import {
  beginRemoval,
  endRemoval,
  isRemovalUnderWay,
  readTombstone,
  writeTombstone,
} from '../../agent/tombstone.ts';
import { deleteSystem, requireSystemRecord, systemExists } from '../../api/systems.ts';
import {
  Interrupted,
  ModuleError,
  NotApplied,
  NotFound,
  RateLimited,
  Unauthorized,
  Unavailable,
  UnexpectedResponse,
} from '../../errors.ts';
import { monotonicMs } from '../../monotonic-clock.ts';
import { pollUntil } from '../../poll-until.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';
import type { AgentStop } from './agent-stop.ts';
import type { RemovalOptions } from './removal-options.ts';
import type { Target } from './target.ts';

const LOOK_EVERY_MS = 1000;

/** Whether the record is there; `gone` is proven, `unproven` is what JumpCloud says. */
type Found = 'present' | 'gone' | 'unproven';

/**
 * This host's record, to be deleted and seen to be gone. Whatever fails, and wherever the process
 * is killed, the host keeps its key until its record is gone, and a later run goes on from there.
 * Reading rejects with Unauthorized when the key is to be purged, and nothing proves that the record
 * is gone.
 */
export function systemRecord(
  session: HostSession,
  { purge_identity }: RemovalOptions,
  agent: AgentStop,
): Target<Found> {
  const { systemId, agentDir } = session.identity;
  const record = [{ type: 'system', id: systemId }];
  return {
    async read() {
      const found = await findRecord(session);
      if (found === 'unproven' && purge_identity) throw unproven(systemId, agentDir);
      return found;
    },

    present: (found) => (found === 'present' ? record : []),

    async remove(run, found, tell) {
      await agent.stop();
      if (found !== 'present') {
        if (found === 'gone') leaveTombstone(session, run);
        return [];
      }
      const removed = (await deleteWithNote(session)) ? record : [];
      tell(removed);
      const deletedAt = monotonicMs();
      if (!(await isGoneInTime(session, run))) {
        endRemoval(agentDir);
        tell([]);
        const seconds = Math.round((monotonicMs() - deletedAt) / 1000);
        throw new NotApplied(
          `JumpCloud answered that system ${systemId} was deleted, but its record is still there ${seconds} s later. The host keeps its key; run again, and ask JumpCloud if it stays so.`,
        );
      }
      leaveTombstone(session, run);
      return removed;
    },
  };
}

/**
 * Whether the record is there. That it is gone is proven only if JumpCloud has accepted this
 * identity at this address before: by the note of a run that it cut off, or of another one at the
 * same time. Otherwise a 404 may as well come from the wrong place, and a 401 from a wrong clock.
 */
async function findRecord(session: HostSession): Promise<Found> {
  const { identity, origin } = session;
  const { systemId, agentDir } = identity;
  try {
    await requireSystemRecord(session);
    return 'present';
  } catch (error) {
    const isMissing = error instanceof NotFound;
    if (!isMissing && !(error instanceof Unauthorized)) throw error;
    // A clock or a key that could be what is wrong would make the note prove nothing.
    const isSure = session.clock.offsetMs !== undefined && identity.keyMatchesCertificate === true;
    if ((isMissing || isSure) && isRemovalUnderWay(agentDir, systemId, origin)) return 'gone';
    // Another removal leaves its tombstone before it takes its note away.
    if (readTombstone(agentDir)?.systemKey === systemId) return 'gone';
    if (isMissing) return 'unproven';
    throw error;
  }
}

function unproven(systemId: string, agentDir: string): Unauthorized {
  return new Unauthorized(
    `Could not purge the identity of system ${systemId}: JumpCloud says that the system does not exist (404), but has never accepted this host's key at this address, so nothing proves that the record is gone, and the key stays. Check region and api_url. If the Admin Portal does not list the system any more, delete by hand: ${identityFiles(agentDir).join(', ')}.`,
    { details: { status: 404 } },
  );
}

async function deleteWithNote(session: HostSession): Promise<boolean> {
  const { identity, origin } = session;
  const { systemId, agentDir } = identity;
  try {
    beginRemoval(agentDir, systemId, origin);
  } catch {
    // Without the note a crash would cost the next run its certainty, and nothing else.
  }
  try {
    return await deleteSystem(session);
  } catch (error) {
    if (isSurelyNotDone(error)) endRemoval(agentDir);
    throw error;
  }
}

/** Then the record is still there, and a 401 that comes later must not be taken for its end. */
function isSurelyNotDone(error: unknown): boolean {
  if (!(error instanceof ModuleError)) return false;
  if (error instanceof Interrupted || error instanceof UnexpectedResponse) return false;
  return !error.inDoubt;
}

async function isGoneInTime(session: HostSession, run: Run): Promise<boolean> {
  const end = monotonicMs() + READ_BACK_TIMEOUT_MS;
  let isSeen = false;
  const look = async () => {
    // Once it was seen to be there still, that the time ran out over another look says no more.
    const unseen = (error: unknown) => {
      if (isSeen && error instanceof NotApplied) return true;
      throw error;
    };
    isSeen = await isStillThere(session).catch(unseen);
    return isSeen ? undefined : true;
  };
  const isGone = await pollUntil(run, look, {
    what: 'for JumpCloud to show that the record is gone',
    delayMs: () => LOOK_EVERY_MS,
    leftMs: () => Math.min(end - monotonicMs(), session.budget.remaining()),
  });
  return isGone === true;
}

/** @throws NotApplied when that cannot be seen within the budget */
async function isStillThere(session: HostSession): Promise<boolean> {
  try {
    return await systemExists(session);
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RateLimited)) throw error;
    throw new NotApplied(
      `JumpCloud answered that system ${session.identity.systemId} was deleted, but that its record is gone could not be seen: ${error.message} The host keeps its key until then.`,
      { details: error.details, cause: error },
    );
  }
}

function leaveTombstone(session: HostSession, run: Run): void {
  const { systemId, agentDir } = session.identity;
  try {
    writeTombstone(agentDir, { systemKey: systemId, removedAt: new Date().toISOString() });
    endRemoval(agentDir);
  } catch (error) {
    run.report.warn(
      `The note that this host was removed could not be left in ${agentDir} (${(error as NodeJS.ErrnoException).code}). Until the agent registers anew, another run has to ask JumpCloud again, and may fail as unauthorized instead of finding nothing to do.`,
    );
  }
}
