import { cleanUpLock } from '../../agent/lock.ts';
import { removeMarker } from '../../agent/marker.ts';
import type { Concern } from '../../reconcile.ts';
import { type Removed, removing, type Standing } from './removed.ts';

/** Of a host that is not registered, or was removed already: nothing is there to take out. */
export function removedAlready(agentDir: string): Concern<Standing, Removed> {
  return {
    ...removing,

    read: async () => ({ present: [] }),

    async apply() {
      // A run that was killed behind its tombstone left them.
      removeMarker(agentDir);
      cleanUpLock(agentDir);
      return { done: [], after: { present: [] } };
    },
  };
}
