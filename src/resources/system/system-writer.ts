import { readSystem, type SystemRecord, updateSystem } from '../../api/systems.ts';
import { NotApplied, NotFound, Rejected } from '../../base/errors.ts';
import { truncate } from '../../base/printable.ts';
import type { ApplyResult } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import {
  buildPutBody,
  changedAttributes,
  type DesiredSystem,
  findDrift,
  listManagedFields,
  type ManagedField,
} from './system-fields.ts';

/** Writes this host's record, and keeps track of the changes that one run makes. */
export interface SystemWriter {
  /** Returns the options that this run has changed so far. */
  done(): readonly ManagedField[];
  /** Returns the record as last received from JumpCloud. */
  latest(): SystemRecord;
  /**
   * Returns the number of times that overwritten settings were written again; undefined without
   * `settle`.
   */
  reapplied(): number | undefined;
  /**
   * Writes fields, and checks in JumpCloud's answer that they took effect.
   * @throws NotApplied when a field did not take effect, unless the option `settle` is set
   */
  write(changes: readonly ManagedField[]): Promise<void>;
  /**
   * Waits until the desired state has held for `settle` seconds. Returns at once without `settle`,
   * or if nothing had to be written and the record is older than `settle` seconds.
   */
  settle(): Promise<ApplyResult<SystemRecord, ManagedField>>;
}

/** Returns a writer of this host's record. Sends no request yet. */
export function systemWriter(
  session: HostSession,
  desired: DesiredSystem,
  run: Run,
  before: SystemRecord,
): SystemWriter {
  const { identity, budget } = session;
  const done = new Map<string, ManagedField>();
  let after = before;
  let reapplied = desired.settle > 0 ? 0 : undefined;
  let hasToSettle = desired.settle > 0 && mayBeInitialising(session, desired.settle, before);

  const read = async () => {
    after = await readSystem(session);
    return after;
  };
  // An earlier attempt without an answer may have made the change that is now refused. The record
  // shows whether it did.
  const recoverRecord = async (error: unknown) => {
    const isRefusal = error instanceof Rejected || error instanceof NotFound;
    if (!isRefusal || !error.inDoubt) throw error;
    const record = await read();
    if (findDrift(desired, record).length > 0) throw error;
    return record;
  };
  const put = async (changes: readonly ManagedField[]) => {
    const answer = await updateSystem(session, buildPutBody(changes)).catch(recoverRecord);
    run.report.recordWrite({
      op: 'update',
      type: 'system',
      fields: changes.map(({ option }) => option),
      attributes: changes.flatMap(changedAttributes),
    });
    for (const change of changes.filter((one) => hasTakenEffect(one, desired, answer))) {
      done.set(change.option, change);
    }
    after = answer;
  };
  // A write replaces the whole list of attributes, so it must start from the latest list: another
  // run may have changed attributes since the first read.
  const putLatest = async () => {
    const changes = findDrift(desired, await read());
    if (changes.length > 0) await put(changes);
  };
  const putSafely = async (changes: readonly ManagedField[]) => {
    if (changes.every(({ option }) => option !== 'attributes')) return put(changes);
    const { withLock } = await import('../../agent/lock.ts');
    return withLock(run, identity.agentDir, {
      timeoutMs: budget.remainingMs(),
      unlockedWarning: describeMissingLock,
      work: putLatest,
    });
  };

  return {
    done: () => [...done.values()],
    latest: () => after,
    reapplied: () => reapplied,

    async write(changes) {
      if (changes.length === 0) return;
      hasToSettle = desired.settle > 0;
      await putSafely(changes);
      if (!hasToSettle) requireNoDrift(desired, after);
    },

    async settle() {
      if (!hasToSettle) return { done: [...done.values()], after };
      const settling = {
        seconds: desired.settle,
        read,
        drift: (record: SystemRecord) => findDrift(desired, record).map(({ option }) => option),
        write: (record: SystemRecord, times: number) => {
          reapplied = times;
          return putSafely(findDrift(desired, record));
        },
      };
      const { awaitSettledState } = await import('./settle.ts');
      const { state } = await awaitSettledState(run, session, settling, after);
      return { done: [...done.values()], after: state, fields: { reapplied } };
    },
  };
}

function describeMissingLock(path: string, code: string | undefined): string {
  return `Attributes were written without a lock, because the lock ${path} could not be created (${code}). If two runs write at the same time, one may undo what the other has written.`;
}

/**
 * Returns whether a change took effect. For attributes, any difference from the list before the
 * write is enough.
 */
function hasTakenEffect(
  change: ManagedField,
  desired: DesiredSystem,
  after: SystemRecord,
): boolean {
  const currentField = listManagedFields(desired, after).find(
    ({ option }) => option === change.option,
  );
  if (currentField === undefined) return false;
  if (currentField.isAsDesired || change.option !== 'attributes') return currentField.isAsDesired;
  return JSON.stringify(currentField.current) !== JSON.stringify(change.current);
}

/** Returns whether the agent may still be in its first initialisation. */
function mayBeInitialising(
  { clock }: HostSession,
  seconds: number,
  { created }: SystemRecord,
): boolean {
  return clock.now() - Date.parse(created ?? '') < seconds * 1000;
}

/**
 * Checks that the record in the answer to a PUT is as desired.
 * @throws NotApplied when an option differs
 */
function requireNoDrift(desired: DesiredSystem, record: SystemRecord): void {
  const ignoredFields = findDrift(desired, record);
  if (ignoredFields.length === 0) return;
  const differences = ignoredFields.map(
    ({ option, current, desired }) =>
      `${option} is ${truncate(JSON.stringify(current))} instead of ${truncate(JSON.stringify(desired))}`,
  );
  throw new NotApplied(
    [
      `JumpCloud accepted the change, but its answer does not show it: ${differences.join('; ')}.`,
      'Run again. If this persists, a policy or an administrator may be setting the same option.',
    ],
    { details: { options: ignoredFields.map(({ option }) => option) } },
  );
}
