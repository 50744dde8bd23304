import { cleanUpLock } from '../../agent/lock.ts';
import { removeMarker } from '../../agent/marker.ts';
import type { Resource } from '../../reconcile.ts';
import { type RemovalState, type Removed, removalBase } from './removal-base.ts';

/** Of a host that is not registered, or was removed already: nothing is there to take out. */
export function removedAlready(agentDir: string): Resource<RemovalState, Removed> {
  return {
    ...removalBase,

    read: async () => ({ present: [] }),

    async apply() {
      // A run that was killed behind its tombstone left them.
      removeMarker(agentDir);
      cleanUpLock(agentDir);
      return { done: [], after: { present: [] } };
    },
  };
}
