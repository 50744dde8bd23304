import { withLock } from '../../agent/lock.ts';
import { checkPresence } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { AgentStopper } from './agent-stopper.ts';
import { RecordRemoval } from './record-removal.ts';
import { type RemovalState, type Removed, removalBase } from './removal-base.ts';
import { RemovalFiles } from './removal-files.ts';
import type { RemovalOptions } from './removal-options.ts';
import { unprovenRemoval } from './unproven-removal.ts';

/**
 * Returns the resource that deletes this host's record and verifies that it is gone. Whatever fails, and
 * wherever the process is killed, the host keeps its key until its record is gone, and a later run
 * completes the removal.
 *
 * Proof that the record is gone has two parts: a DELETE of this run, or of one that left its marker, was
 * answered 2xx or its answer was lost; and reading the record after that is answered 401 or 404. The
 * tombstone of another run is proof as well. `read` rejects when proof is missing but needed.
 */
export function recordResource(
  session: HostSession,
  { purge_identity }: RemovalOptions,
  agent: AgentStopper,
): Resource<RemovalState, Removed> {
  const { systemId, agentDir } = session.identity;
  const files = new RemovalFiles(session);
  return {
    ...removalBase,

    async read() {
      const presence = await checkPresence(session);
      if (presence.isThere) return { present: [{ type: 'system', id: systemId }] };
      const { isMarked, isRemoved } = files.read();
      if ((isMarked && presence.isTimed) || isRemoved) return { present: [], absence: presence };
      const failure = unprovenRemoval(
        session,
        presence,
        isMarked ? 'lost' : 'none',
        purge_identity,
      );
      if (failure !== undefined) throw failure;
      return { present: [] };
    },

    async apply(run, { changes, after }, { absence }) {
      await agent.stop();
      if (changes.length === 0 && absence === undefined) return { done: [], after };
      const removal = new RecordRemoval(run, session, files, purge_identity);
      run.report.setProgress(() => removalBase.progress(after, removal.removed));
      await withLock(run, agentDir, {
        timeoutMs: session.budget.remaining(),
        work: () => removal.complete(absence),
      });
      return { done: removal.removed, after };
    },
  };
}
