import { withLock } from '../../agent/lock.ts';
import { checkPresence } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { AgentStop } from './agent-stop.ts';
import { RecordRemoval } from './record-removal.ts';
import { type RemovalState, type Removed, removalBase } from './removal-base.ts';
import { RemovalFiles } from './removal-files.ts';
import type { RemovalOptions } from './removal-options.ts';
import { unprovenRemoval } from './unproven-removal.ts';

/**
 * Returns this host's record, to be deleted and seen to be gone. Whatever fails, and wherever the
 * process is killed, the host keeps its key until its record is gone, and a later run goes on from
 * there.
 *
 * That it is gone is proven by a DELETE of this run, or of one that left its marker, which was
 * answered 2xx or whose answer was lost, and by a 401 or 404 to reading the record after that. The
 * tombstone of another run is proof as well. Reading rejects when there is no proof and one is needed.
 */
export function systemRecord(
  session: HostSession,
  { purge_identity }: RemovalOptions,
  agent: AgentStop,
): Resource<RemovalState, Removed> {
  const { systemId, agentDir } = session.identity;
  const files = new RemovalFiles(session);
  return {
    ...removalBase,

    async read() {
      const seen = await checkPresence(session);
      if (seen.isThere) return { present: [{ type: 'system', id: systemId }] };
      const { isMarked, isRemoved } = files.read();
      if ((isMarked && seen.isTimed) || isRemoved) return { present: [], absence: seen };
      const failure = unprovenRemoval(session, seen, isMarked ? 'lost' : 'none', purge_identity);
      if (failure !== undefined) throw failure;
      return { present: [] };
    },

    async apply(run, { changes, after }, { absence }) {
      await agent.stop();
      if (changes.length === 0 && absence === undefined) return { done: [], after };
      const removal = new RecordRemoval(run, session, files, purge_identity);
      run.report.setProgress(() => removalBase.progress(after, removal.removed));
      await withLock(run, agentDir, {
        forMs: session.budget.remaining(),
        work: () => removal.complete(absence),
      });
      return { done: removal.removed, after };
    },
  };
}
