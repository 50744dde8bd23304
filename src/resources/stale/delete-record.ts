import {
  type AdminDeleteOutcome,
  deleteSystemById,
  isRecordRefusal,
  readSystemById,
} from '../../api/admin-systems.ts';
import { mayHaveTakenEffect } from '../../base/interrupted.ts';
import type { Session } from '../../transport/session.ts';
import { type Criteria, type StaleRecord, selectStaleRecords } from './select-stale-records.ts';
import { nameOf } from './stale-report.ts';

/**
 * The outcome of the deletion of one record. `kept` means that the record no longer met the
 * criteria when it was read again, so it was not deleted.
 */
export type RecordOutcome = AdminDeleteOutcome | { readonly outcome: 'kept' };

/** Thrown to end a DELETE before its next attempt. `result` is the outcome of the deletion. */
class DeleteStoppedEarly extends Error {
  readonly result: RecordOutcome;

  constructor(result: RecordOutcome) {
    super(result.outcome);
    this.result = result;
  }
}

/**
 * Deletes a record if it still meets the criteria. Reads the record before each attempt, because
 * its host may connect at any time. Reports to `setDoubt` whether the record may have been deleted
 * although no answer says so.
 */
export async function deleteRecord(
  session: Session,
  stale: StaleRecord,
  criteria: Criteria,
  setDoubt: (isInDoubt: boolean) => void,
): Promise<RecordOutcome> {
  const { _id } = stale.record;
  const what = `the record of ${nameOf(stale.record)}`;
  const readAgain = async (inDoubt: boolean) => {
    const { value: record, now } = await readSystemById(session, _id, what);
    if (record === undefined)
      throw new DeleteStoppedEarly({ outcome: inDoubt ? 'deleted' : 'gone' });
    const successor = await readSuccessor(session, stale);
    const { stale: stillStale } = selectStaleRecords([record, ...successor], criteria, now);
    if (!stillStale.some((one) => one.record === record))
      throw new DeleteStoppedEarly({ outcome: 'kept' });
  };
  let isReading = false;
  const beforeAttempt = async (inDoubt: boolean) => {
    setDoubt(inDoubt);
    isReading = true;
    await readAgain(inDoubt).catch((error: unknown) => {
      if (inDoubt || !isRecordRefusal(error)) throw error;
      const status = Number(error.details['status']);
      throw new DeleteStoppedEarly({ outcome: 'refused', status, error, inDoubt });
    });
    isReading = false;
    setDoubt(true);
  };
  try {
    return await deleteSystemById(session, _id, what, beforeAttempt);
  } catch (error) {
    if (error instanceof DeleteStoppedEarly) return error.result;
    // If the read before an attempt failed, an earlier DELETE may still have taken effect, so the
    // doubt stays.
    if (!isReading && !mayHaveTakenEffect(error)) setDoubt(false);
    throw error;
  }
}

/**
 * Reads again the record that supersedes a stale record. Returns it in a list, which is empty
 * without `superseded_only` or if that record is gone.
 */
async function readSuccessor(session: Session, { record, supersededBy }: StaleRecord) {
  if (supersededBy === undefined) return [];
  const what = `the record ${supersededBy} with the hostname of ${nameOf(record)}`;
  const { value } = await readSystemById(session, supersededBy, what);
  return value === undefined ? [] : [value];
}
