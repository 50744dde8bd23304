import { cleanUpLock } from '../../agent/lock.ts';
import { removeMarker } from '../../agent/marker.ts';
import type { Resource } from '../../reconcile.ts';
import { type RemovalState, type Removed, removalBase } from './removal-base.ts';

/** Returns the resource of a host that is not registered or was removed already: it has no objects. */
export function nothingToRemove(agentDir: string): Resource<RemovalState, Removed> {
  return {
    ...removalBase,

    read: async () => ({ present: [] }),

    async apply() {
      // A run that was killed after it wrote its tombstone leaves these files.
      removeMarker(agentDir);
      cleanUpLock(agentDir);
      return { done: [], after: { present: [] } };
    },
  };
}
