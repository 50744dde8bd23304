import { beginRemoval, endRemoval, isRemovalUnderWay, writeTombstone } from '../agent/tombstone.ts';
import { deleteSystem, readSystem, systemExists } from '../api/systems.ts';
import {
  Interrupted,
  ModuleError,
  NotApplied,
  NotFound,
  Unauthorized,
  UnexpectedResponse,
} from '../errors.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pause } from '../pause.ts';
import type { Run } from '../run.ts';
import type { Session } from '../transport/session.ts';
import { PATIENCE_MS } from './patience.ts';
import type { Removed } from './removed.ts';

const LOOK_EVERY_MS = 1000;

/**
 * Deletes this host's record and sees that it is gone. Whatever fails, and wherever the process
 * is killed, the host keeps its key until its record is gone, and a later run goes on from there.
 */
export async function removeSystem(
  session: Session,
  run: Run,
  stop: () => Promise<void>,
): Promise<readonly Removed[]> {
  const { systemId } = session.identity;
  const removed = [{ type: 'system', id: systemId }];
  if (!(await isPresent(session))) {
    if (run.check) return [];
    await stop();
    leaveTombstone(session, run);
    return [];
  }
  if (run.check) return removed;
  await stop();
  const deleted = await deleteWithNote(session);
  if (deleted) run.soFar = { changed: true, removed };
  const over = run.waiting('for JumpCloud to show that the record is gone', PATIENCE_MS);
  await requireGone(session, run).finally(over);
  leaveTombstone(session, run);
  return deleted ? removed : [];
}

/** A record that is gone answers 404, or 401 where only the note tells it from a wrong clock. */
async function isPresent(session: Session): Promise<boolean> {
  const { identity, origin } = session;
  try {
    await readSystem(session);
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    // A clock or a key that could be what is wrong would make the note prove nothing.
    const isSure = session.clock.offsetMs !== undefined && identity.keyMatchesCertificate === true;
    const noted = isRemovalUnderWay(identity.agentDir, identity.systemId, origin);
    if (error instanceof Unauthorized && isSure && noted) return false;
    throw error;
  }
}

async function deleteWithNote(session: Session): Promise<boolean> {
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
  return error.details['may_be_done'] !== true;
}

async function requireGone(session: Session, run: Run): Promise<void> {
  const { systemId, agentDir } = session.identity;
  const giveUpAt = monotonicMs() + PATIENCE_MS;
  while (await systemExists(session)) {
    const waitMs = Math.min(LOOK_EVERY_MS, giveUpAt - monotonicMs());
    if (waitMs <= 0) {
      endRemoval(agentDir);
      run.soFar = {};
      throw new NotApplied(
        `JumpCloud answered that system ${systemId} was deleted, but its record is still there ${PATIENCE_MS / 1000} s later. The host keeps its key; run again, and ask JumpCloud if it stays so.`,
      );
    }
    await pause(waitMs, run.signal);
  }
}

function leaveTombstone(session: Session, run: Run): void {
  const { systemId, agentDir } = session.identity;
  try {
    writeTombstone(agentDir, { systemKey: systemId, removedAt: new Date().toISOString() });
    endRemoval(agentDir);
  } catch (error) {
    run.warnings.push(
      `The note that this host was removed could not be left in ${agentDir} (${(error as NodeJS.ErrnoException).code}). Until the agent registers anew, another run has to ask JumpCloud again, and may fail as unauthorized instead of finding nothing to do.`,
    );
  }
}
