import { type AdminRecord, readAllSystems } from '../../api/admin-systems.ts';
import { LimitExceeded } from '../../base/errors.ts';
import { formatCount } from '../../base/printable.ts';
import type { Resource } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { Session } from '../../transport/session.ts';
import { type Criteria, type StaleRecord, selectStaleRecords } from './select-stale-records.ts';
import { StaleDeletion } from './stale-deletion.ts';
import type { StaleOptions } from './stale-options.ts';
import { describeRecords, nameOf, reportRecord } from './stale-report.ts';

/** The stale records of an organisation. */
interface StaleState {
  readonly stale: readonly StaleRecord[];
  /** The stale records that still exist. */
  readonly remaining: readonly StaleRecord[];
  /** Records that look stale but are not deleted, each with the reason. */
  readonly skipped: readonly (readonly [record: AdminRecord, reason: string])[];
  /** The number of all records of the organisation. */
  readonly total: number;
}

const CONNECTED_REASON = 'Its host is connected to JumpCloud, so it is not deleted.';
const REVIVED_REASON = 'It no longer qualified when it was read again, so it was not deleted.';

/** Returns the resource that reports or deletes the stale records of an organisation. */
export function staleResource(
  run: Run,
  session: Session,
  options: StaleOptions,
): Resource<StaleState, StaleRecord> {
  const criteria = criteriaOf(options);
  let deletion: StaleDeletion | undefined;
  let foundText = '';
  const report = ({ stale, skipped, total }: StaleState, done: readonly StaleRecord[]) => ({
    stale: stale.map(({ record, reason }) => reportRecord(record, reason)),
    // Ansible reserves the key `skipped` for tasks that it has not run.
    skipped_records: skipped.map(([record, reason]) => reportRecord(record, reason)),
    deleted: done.map(({ record }) => record._id),
    total,
  });

  return {
    async read() {
      const { value: records, now } = await readAllSystems(session);
      const { stale, connected, undated } = selectStaleRecords(records, criteria, now);
      if (connected.length > 0) {
        run.report.warn(
          `These records match the option "dead", but were skipped, because their hosts are connected to JumpCloud: ${describeRecords(connected)}.`,
        );
      }
      if (undated.length > 0) {
        run.report.warn(
          `These records were skipped, because their field lastContact or created contains no readable date: ${describeRecords(undated)}. Check them in the Admin Portal.`,
        );
      }
      const skipped = connected.map((record) => [record, CONNECTED_REASON] as const);
      foundText = `${formatCount(stale.length, 'stale record')} among ${records.length}`;
      return { stale, remaining: stale, skipped, total: records.length };
    },

    plan(before) {
      if (options.state === 'reported') return { changes: [], after: before };
      requireWithinLimits(before, options);
      return { changes: before.stale, after: { ...before, remaining: [] } };
    },

    async apply(_, { changes }, before) {
      deletion = new StaleDeletion(run, session, criteria, changes);
      const failure = await deletion.deleteRecords();
      const { keptRecords: kept, deletedRecords: deleted, goneRecords: gone } = deletion;
      if (kept.length > 0) {
        run.report.warn(
          `These records were not deleted, because they no longer qualified when they were read again: ${describeRecords(kept.map(({ record }) => record))}.`,
        );
      }
      const after = {
        ...before,
        stale: before.stale.filter((one) => !kept.includes(one)),
        remaining: before.stale.filter((one) => ![...kept, ...deleted, ...gone].includes(one)),
        skipped: [
          ...before.skipped,
          ...kept.map(({ record }) => [record, REVIVED_REASON] as const),
        ],
      };
      return { done: deleted, after, ...(failure && { failure }) };
    },

    diffView: ({ remaining }) => ({ stale: remaining.map(({ record }) => nameOf(record)) }),

    report,

    progress(observed, done) {
      const deleted = deletion?.deletedRecords ?? done;
      return { changed: deleted.length > 0, ...report(observed, deleted) };
    },

    summary(done, isPrediction) {
      if (options.state === 'reported') return `Found ${foundText}.`;
      if (done.length === 0) return 'Nothing to delete.';
      return `${isPrediction ? 'Would delete' : 'Deleted'} ${formatCount(done.length, 'stale record')}.`;
    },
  };
}

function criteriaOf({ dead, alive, ...options }: StaleOptions): Criteria {
  const toAttributeValues = (given: StaleOptions['dead']) =>
    given && { attribute: given.attribute, values: new Set(given.values) };
  return { ...options, dead: toAttributeValues(dead), alive: toAttributeValues(alive) };
}

/**
 * Checks that `max_deletions` and `max_percent` allow the deletion of all stale records.
 * @throws LimitExceeded when the number of stale records exceeds one of the two limits
 */
function requireWithinLimits(
  { stale, total }: StaleState,
  { max_deletions, max_percent }: StaleOptions,
): void {
  const byPercent = Math.floor((max_percent * total) / 100);
  if (stale.length <= Math.min(max_deletions, byPercent)) return;
  throw new LimitExceeded(
    [
      `${formatCount(stale.length, 'stale record')} would be deleted, but max_deletions allows ${max_deletions}, and max_percent allows ${byPercent} (${max_percent} % of ${formatCount(total, 'record')}). Nothing was deleted.`,
      'Check the list "stale" in the result. If it is correct, raise the limit.',
    ],
    {
      details: {
        selected: stale.length,
        max_deletions,
        max_percent,
        allowed_by_percent: byPercent,
      },
    },
  );
}
