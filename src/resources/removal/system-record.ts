import { exclusively } from '../../agent/lock.ts';
import { hasMarker } from '../../agent/marker.ts';
import { hasTombstone } from '../../agent/tombstone.ts';
import { type Absence, lookUpSystem } from '../../api/systems.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { AgentStop } from './agent-stop.ts';
import { markerOf, RecordRemoval } from './record-removal.ts';
import type { RemovalOptions } from './removal-options.ts';
import type { Target } from './target.ts';
import { withoutProof } from './without-proof.ts';

/** The record is there, or it is absent; `unneeded` is an absence that nothing proves, or has to. */
type Found = 'present' | 'unneeded' | Absence;

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
): Target<Found> {
  const { systemId, agentDir } = session.identity;
  return {
    async read() {
      const seen = await lookUpSystem(session);
      if (seen.isThere) return 'present';
      // In this order: another run leaves its tombstone before it removes its marker.
      const isMarked = hasMarker(agentDir, markerOf(session));
      if ((isMarked && seen.isTimed) || hasTombstone(agentDir, systemId)) return seen;
      const failure = withoutProof(session, seen, isMarked ? 'lost' : 'none', purge_identity);
      if (failure !== undefined) throw failure;
      return 'unneeded';
    },

    present: (found) => (found === 'present' ? [{ type: 'system', id: systemId }] : []),

    async remove(run, found, tell) {
      await agent.stop();
      if (found === 'unneeded') return [];
      const removal = new RecordRemoval(run, session, purge_identity, tell);
      return exclusively(run, agentDir, {
        forMs: session.budget.remaining(),
        work: () => removal.complete(found),
      });
    },
  };
}
