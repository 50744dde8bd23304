import { withLock } from '../../agent/lock.ts';
import { checkPresence } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { AgentStopper } from './agent-stopper.ts';
import { RecordRemoval } from './record-removal.ts';
import { type RemovalState, type RemovedObject, removalBase } from './removal-base.ts';
import { RemovalFiles } from './removal-files.ts';
import type { RemovalOptions } from './removal-options.ts';
import { unprovenRemovalError } from './unproven-removal.ts';

/**
 * Returns the resource that deletes this host's record and verifies that the record is gone. The
 * host keeps its key until this is proven, even if a step fails or the process is killed. A later
 * run completes the removal.
 *
 * Proof that the record is gone has two parts. First, this run sent a DELETE that was answered 2xx
 * or whose answer was lost, or an earlier run left a file that records such a DELETE. Second, a
 * later read of the record was answered 401 or 404. The tombstone of another run is sufficient
 * proof. `read` rejects when proof is needed but missing.
 */
export function recordRemovalResource(
  session: HostSession,
  { purge_identity }: RemovalOptions,
  agent: AgentStopper,
): Resource<RemovalState, RemovedObject> {
  const { systemId, agentDir } = session.identity;
  const files = new RemovalFiles(session);
  return {
    ...removalBase,

    async read() {
      const presence = await checkPresence(session);
      if (presence.isThere) return { objects: [{ type: 'system', id: systemId }] };
      const { isMarked, isRemoved } = files.read();
      if ((isMarked && presence.isClockRuledOut) || isRemoved)
        return { objects: [], absence: presence };
      const failure = unprovenRemovalError(
        session,
        presence,
        isMarked ? 'lost' : 'none',
        purge_identity,
      );
      if (failure !== undefined) throw failure;
      return { objects: [] };
    },

    async apply(run, { changes, after }, { absence }) {
      await agent.stop(session.budget.remainingMs());
      if (changes.length === 0 && absence === undefined) return { done: [], after };
      const removal = new RecordRemoval(run, session, files, purge_identity);
      run.report.setProgress(() => removalBase.progress(after, removal.removed));
      await withLock(run, agentDir, {
        timeoutMs: session.budget.remainingMs(),
        work: () => removal.removeRecord(absence),
      });
      return { done: removal.removed, after };
    },
  };
}
