import type { Absence } from '../../api/systems.ts';
import { counted } from '../../base/printable.ts';
import type { Concern } from '../../reconcile.ts';

/** Something taken out of JumpCloud: the system itself, or one of its edges. */
export interface Removed {
  readonly type: string;
  readonly id: string;
}

/** What JumpCloud has of this host that is to go. */
export interface Standing {
  readonly present: readonly Removed[];
  /** What it answered in place of the record, when an earlier removal may have to be finished. */
  readonly absence?: Absence;
}

/** What every removal from JumpCloud plans and reports, whatever it removes. */
export const removing = {
  plan: ({ present }) => ({ changes: present, after: { present: [] } }),

  managed: ({ present }) => ({ present }),

  report: (_, removed) => ({ removed }),

  // Files are purged last: a run that fails while it removes has purged none.
  progress: (_, removed) => ({ changed: removed.length > 0, removed, purged: [] as string[] }),

  sentence(removed, isPrediction) {
    if (removed.length === 0) return 'Nothing to remove.';
    return `${isPrediction ? 'Would remove' : 'Removed'} ${describe(removed)}.`;
  },
} satisfies Partial<Concern<Standing, Removed>>;

function describe(removed: readonly Removed[]): string {
  const [first] = removed;
  return removed.length === 1 && first?.type === 'system'
    ? `system ${first.id} from JumpCloud`
    : counted(removed.length, 'association');
}
