import { cleanUpLock } from '../../agent/lock.ts';
import { removeMarker } from '../../agent/marker.ts';
import type { Resource } from '../../reconcile.ts';
import { type RemovalState, type RemovedObject, removalBase } from './removal-base.ts';

/**
 * Returns the resource for a host that is not registered or was removed already. There is no object
 * to remove.
 */
export function noRecordResource(agentDir: string): Resource<RemovalState, RemovedObject> {
  return {
    ...removalBase,

    read: async () => ({ objects: [] }),

    async apply() {
      // A run that was killed after it wrote the tombstone may have left the marker and the lock.
      removeMarker(agentDir);
      cleanUpLock(agentDir);
      return { done: [], after: { objects: [] } };
    },
  };
}
