import type { MissingOrDenied } from '../../api/systems.ts';
import { formatCount } from '../../base/printable.ts';
import type { Resource } from '../../reconcile.ts';

/** An object that a removal deletes in JumpCloud: the system itself, or one of its edges. */
export interface RemovedObject {
  readonly type: string;
  readonly id: string;
}

/** The objects in JumpCloud that are to be removed. */
export interface RemovalState {
  readonly objects: readonly RemovedObject[];
  /**
   * JumpCloud's 401 or 404 to the read of the record. Set if this run may have to complete an
   * earlier removal.
   */
  readonly absence?: MissingOrDenied;
}

/** The plan and the reports that all removals share. */
export const removalBase = {
  plan: ({ objects }) => ({ changes: objects, after: { objects: [] } }),

  diffView: ({ objects }) => ({ present: objects }),

  report: (_, removed) => ({ removed }),

  // Files are purged last, so a run that fails during the removal has purged no files.
  progress: (_, removed) => ({ changed: removed.length > 0, removed, purged: [] as string[] }),

  summary(removed, isPrediction) {
    if (removed.length === 0) return 'Nothing to remove.';
    return `${isPrediction ? 'Would remove' : 'Removed'} ${describeRemovedObjects(removed)}.`;
  },
} satisfies Partial<Resource<RemovalState, RemovedObject>>;

function describeRemovedObjects(removed: readonly RemovedObject[]): string {
  const [first] = removed;
  return removed.length === 1 && first?.type === 'system'
    ? `system ${first.id} from JumpCloud`
    : formatCount(removed.length, 'association');
}
