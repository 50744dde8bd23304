import type { RecordAbsence } from '../../api/systems.ts';
import { countOf } from '../../base/printable.ts';
import type { Resource } from '../../reconcile.ts';

/** Something taken out of JumpCloud: the system itself, or one of its edges. */
export interface Removed {
  readonly type: string;
  readonly id: string;
}

/** What JumpCloud has of this host that is to go. */
export interface RemovalState {
  readonly present: readonly Removed[];
  /** What it answered in place of the record, when an earlier removal may have to be finished. */
  readonly absence?: RecordAbsence;
}

/** What every removal from JumpCloud plans and reports, whatever it removes. */
export const removalBase = {
  plan: ({ present }) => ({ changes: present, after: { present: [] } }),

  diffView: ({ present }) => ({ present }),

  report: (_, removed) => ({ removed }),

  // Files are purged last: a run that fails while it removes has purged none.
  progress: (_, removed) => ({ changed: removed.length > 0, removed, purged: [] as string[] }),

  summary(removed, isPrediction) {
    if (removed.length === 0) return 'Nothing to remove.';
    return `${isPrediction ? 'Would remove' : 'Removed'} ${describeRemoved(removed)}.`;
  },
} satisfies Partial<Resource<RemovalState, Removed>>;

function describeRemoved(removed: readonly Removed[]): string {
  const [first] = removed;
  return removed.length === 1 && first?.type === 'system'
    ? `system ${first.id} from JumpCloud`
    : countOf(removed.length, 'association');
}
