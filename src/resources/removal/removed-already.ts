import { cleanUpLock } from '../../agent/lock.ts';
import { removeMarker } from '../../agent/marker.ts';
import type { Target } from './target.ts';

/** Of a host that is not registered, or was removed already: nothing is there to take out. */
export function removedAlready(agentDir: string): Target<undefined> {
  return {
    read: async () => undefined,
    present: () => [],
    async remove() {
      // A run that was killed behind its tombstone left them.
      removeMarker(agentDir);
      cleanUpLock(agentDir);
      return [];
    },
  };
}
