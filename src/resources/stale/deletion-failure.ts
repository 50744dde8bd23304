import { type ModuleError, NotApplied } from '../../base/errors.ts';
import type { RecordOutcome } from './delete-record.ts';
import type { StaleRecord } from './select-stale-records.ts';
import { describeRecords } from './stale-report.ts';

/** The outcome of a record that JumpCloud refused to delete. */
export type RefusedDeletion = Extract<RecordOutcome, { outcome: 'refused' }>;

/**
 * Returns the failure of a run if JumpCloud refused to delete records, or still shows records that
 * it reported as deleted. Returns undefined otherwise.
 */
export function deletionFailure(
  refusals: readonly [StaleRecord, RefusedDeletion][],
  unconfirmed: readonly StaleRecord[],
): ModuleError | undefined {
  const shownRecords = unconfirmed.map(({ record }) => record);
  const unappliedSentence =
    shownRecords.length === 0
      ? ''
      : `JumpCloud answered that it deleted these records, but still shows them: ${describeRecords(shownRecords)}. Run again. If this persists, report it to JumpCloud.`;
  const details = {
    ...(refusals.length > 0 && { refused: refusals.map(reportRefusal) }),
    ...(shownRecords.length > 0 && { not_deleted: shownRecords.map(({ _id }) => _id) }),
  };
  const [first, ...others] = refusals;
  if (first === undefined) {
    return shownRecords.length === 0 ? undefined : new NotApplied(unappliedSentence, { details });
  }
  const othersSentence =
    others.length === 0
      ? ''
      : `${others.length} more ${others.length === 1 ? 'was' : 'were'} refused: ${describeRecords(others.map(([{ record }]) => record))}.`;
  return first[1].error.withDetails(
    details,
    [othersSentence, unappliedSentence].filter(Boolean).join(' '),
  );
}

function reportRefusal([{ record }, { status, error }]: [StaleRecord, RefusedDeletion]) {
  const { jumpcloud_message } = error.details;
  return { op: 'delete', type: 'system', id: record._id, status, message: jumpcloud_message };
}
