import { readSystemById } from '../../api/admin-systems.ts';
import { ModuleError, Unavailable } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import type { Run } from '../../run.ts';
import type { Session } from '../../transport/session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';
import { deleteRecord, type RecordOutcome } from './delete-record.ts';
import { deletionFailure, type RefusedDeletion } from './deletion-failure.ts';
import type { Criteria, StaleRecord } from './select-stale-records.ts';
import { describeRecords, nameOf } from './stale-report.ts';

const FIRST_DELAY_MS = 250;

/** The number of records that are deleted at the same time. */
const PARALLEL_DELETIONS = 5;

/** Deletes stale records, and keeps the outcome of each. */
export class StaleDeletion {
  readonly #run: Run;
  readonly #session: Session;
  readonly #criteria: Criteria;
  readonly #records: readonly StaleRecord[];
  readonly #outcomes = new Map<StaleRecord, RecordOutcome>();
  /** The records that a DELETE without an answer may have deleted. */
  readonly #doubtful = new Set<StaleRecord>();

  constructor(run: Run, session: Session, criteria: Criteria, records: readonly StaleRecord[]) {
    this.#run = run;
    this.#session = session;
    this.#criteria = criteria;
    this.#records = records;
  }

  /** The records that this run has deleted so far. */
  get deletedRecords(): StaleRecord[] {
    return this.#recordsWith('deleted');
  }

  /** The records that were already gone when this run tried to delete them. */
  get goneRecords(): StaleRecord[] {
    return this.#recordsWith('gone');
  }

  /**
   * The records that were not deleted, because they no longer met the criteria when they were read
   * again.
   */
  get keptRecords(): StaleRecord[] {
    return this.#recordsWith('kept');
  }

  /**
   * Deletes the records, a few in parallel, then checks that they are gone. Returns a failure at
   * the end if JumpCloud refused to delete a record or still shows a deleted one. After any other
   * failure, starts no further deletion, and rejects.
   */
  async deleteRecords(): Promise<ModuleError | undefined> {
    await this.#inParallel(this.#records, (record) => this.#delete(record));
    const unconfirmed = await this.#readBack();
    const refusals = this.#records.flatMap((stale): [StaleRecord, RefusedDeletion][] => {
      const result = this.#outcomes.get(stale);
      return result?.outcome === 'refused' ? [[stale, result]] : [];
    });
    return deletionFailure(refusals, unconfirmed);
  }

  async #delete(stale: StaleRecord): Promise<void> {
    const setDoubt = (isInDoubt: boolean) => {
      if (isInDoubt) this.#doubtful.add(stale);
      else this.#doubtful.delete(stale);
    };
    const result = await deleteRecord(this.#session, stale, this.#criteria, setDoubt);
    setDoubt(false);
    this.#setOutcome(stale, result);
  }

  #recordsWith(outcome: RecordOutcome['outcome']): StaleRecord[] {
    return this.#records.filter((stale) => this.#outcomes.get(stale)?.outcome === outcome);
  }

  #setOutcome(stale: StaleRecord, result: RecordOutcome): void {
    this.#outcomes.set(stale, result);
    const { _id: id, hostname } = stale.record;
    if (result.outcome !== 'deleted') return;
    const name = typeof hostname === 'string' ? { name: hostname } : {};
    this.#run.report.recordWrite({ op: 'delete', type: 'system', id, ...name });
  }

  /**
   * Reads the records that a DELETE was sent for, until they are gone or ten seconds have passed.
   * Returns the records that JumpCloud still shows. A record whose first DELETE got no answer and
   * whose second was refused counts as deleted if it is gone: the first may have worked.
   */
  async #readBack(): Promise<readonly StaleRecord[]> {
    let pendingRecords = this.#records.filter((stale) => {
      const result = this.#outcomes.get(stale);
      return result?.outcome === 'deleted' || (result?.outcome === 'refused' && result.inDoubt);
    });
    const deadlineMs = monotonicMs() + READ_BACK_TIMEOUT_MS;
    let delayMs = FIRST_DELAY_MS / 2;
    let hasRead = false;
    const read = async () => {
      const existingRecords = new Set<StaleRecord>();
      const reading = this.#inParallel(pendingRecords, async (stale) => {
        const { _id } = stale.record;
        const what = `the record of ${nameOf(stale.record)}`;
        const { value } = await readSystemById(this.#session, _id, what);
        if (value !== undefined) existingRecords.add(stale);
        else if (this.#outcomes.get(stale)?.outcome === 'refused') {
          this.#setOutcome(stale, { outcome: 'deleted' });
        }
      });
      try {
        await reading;
      } catch (error) {
        // An error after only one attempt means that the budget is used up. The result of the
        // previous complete read is then more useful than the error.
        if (hasRead && error instanceof Unavailable && error.attempts === 1) return true;
        throw error;
      }
      hasRead = true;
      pendingRecords = pendingRecords.filter((stale) => existingRecords.has(stale));
      return pendingRecords.some((stale) => this.#outcomes.get(stale)?.outcome === 'deleted')
        ? undefined
        : true;
    };
    await pollUntil(this.#run, read, {
      what: 'for the deleted records to disappear',
      delayMs: () => {
        delayMs *= 2;
        return delayMs;
      },
      leftMs: () => Math.min(deadlineMs - monotonicMs(), this.#session.budget.remainingMs()),
    });
    const unconfirmed = pendingRecords.filter(
      (stale) => this.#outcomes.get(stale)?.outcome === 'deleted',
    );
    for (const stale of unconfirmed) this.#outcomes.delete(stale);
    return unconfirmed;
  }

  /**
   * Calls `work` for each record, a few in parallel. After the first failure, no further call
   * starts.
   */
  async #inParallel(
    records: readonly StaleRecord[],
    work: (stale: StaleRecord) => Promise<void>,
  ): Promise<void> {
    const queue = [...records];
    let failure: { readonly error: unknown } | undefined;
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined && !failure; next = queue.shift()) {
        await work(next);
      }
    };
    const endSession = (error: unknown) => {
      failure ??= { error };
      this.#session.stopRetries(error);
    };
    await Promise.all(Array.from({ length: PARALLEL_DELETIONS }, () => worker().catch(endSession)));
    if (failure !== undefined) throw this.#withDoubts(failure.error);
  }

  /** Adds to a failure the records that may have been deleted although no answer says so. */
  #withDoubts(error: unknown): unknown {
    if (!(error instanceof ModuleError) || this.#doubtful.size === 0) return error;
    const records = [...this.#doubtful].map(({ record }) => record);
    return error.withDetails(
      { may_be_done: true, in_doubt: records.map(({ _id }) => _id) },
      `No answer says whether these records were deleted: ${describeRecords(records)}.`,
      // The message of a failed DELETE already contains this advice.
      error.inDoubt ? '' : 'Run again to check.',
    );
  }
}
