import { withLock } from '../../agent/lock.ts';
import { readSystem, type SystemRecord, updateSystem } from '../../api/systems.ts';
import { NotApplied, NotFound, Rejected } from '../../base/errors.ts';
import { truncate } from '../../base/printable.ts';
import type { Applied } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { settle } from './settle.ts';
import { type DesiredSystem, drift, type Field, managedFields, putBody } from './system-fields.ts';

/** The writes of one run to this host's record. */
export interface SystemWriter {
  /** What this run has written so far, as far as it took. */
  done(): readonly Field[];
  /** The record as it was answered last. */
  seen(): SystemRecord;
  /** How often settings were written again; undefined when there is nothing to settle. */
  reapplied(): number | undefined;
  /**
   * Writes fields, and sees by the answer that they took.
   * @throws NotApplied when one did not, and is not waited for
   */
  write(changes: readonly Field[]): Promise<void>;
  /** Waits for what was written, or was there, to hold, if that was asked for. */
  settle(): Promise<Applied<SystemRecord, Field>>;
}

/** Begins to write to this host's record. */
export function systemWriter(
  session: HostSession,
  desired: DesiredSystem,
  run: Run,
  before: SystemRecord,
): SystemWriter {
  const { identity, budget } = session;
  const done = new Map<string, Field>();
  let after = before;
  let reapplied = desired.settle > 0 ? 0 : undefined;
  let hasToSettle = desired.settle > 0 && isYoung(session, desired.settle, before);

  const read = async () => {
    after = await readSystem(session);
    return after;
  };
  // A refusal says nothing about an attempt before it whose answer was lost; the record does.
  const judge = async (error: unknown) => {
    const isRefusal = error instanceof Rejected || error instanceof NotFound;
    if (!isRefusal || !error.inDoubt) throw error;
    const record = await read();
    if (drift(desired, record).length > 0) throw error;
    return record;
  };
  const put = async (changes: readonly Field[]) => {
    const answer = await updateSystem(session, putBody(changes)).catch(judge);
    for (const change of changes.filter((one) => hasTakenEffect(one, desired, answer))) {
      done.set(change.option, change);
    }
    after = answer;
  };
  // A list of attributes is written whole: what another run has written since must be in it.
  const putRetried = async () => {
    const changes = drift(desired, await read());
    if (changes.length > 0) await put(changes);
  };
  const putAlone = async (changes: readonly Field[]) =>
    changes.some(({ option }) => option === 'attributes')
      ? withLock(run, identity.agentDir, {
          timeoutMs: budget.remaining(),
          unlockedWarning: withoutLock,
          work: putRetried,
        })
      : put(changes);

  return {
    done: () => [...done.values()],
    seen: () => after,
    reapplied: () => reapplied,

    async write(changes) {
      if (changes.length === 0) return;
      hasToSettle = desired.settle > 0;
      await putAlone(changes);
      if (!hasToSettle) requireTakenEffect(desired, after);
    },

    async settle() {
      if (!hasToSettle) return { done: [...done.values()], after };
      const settling = {
        seconds: desired.settle,
        read,
        drift: (seen: SystemRecord) => drift(desired, seen).map(({ option }) => option),
        write: (seen: SystemRecord, times: number) => {
          reapplied = times;
          return putAlone(drift(desired, seen));
        },
      };
      const { state } = await settle(run, session, settling, after);
      return { done: [...done.values()], after: state, fields: { reapplied } };
    },
  };
}

function withoutLock(path: string, code: string | undefined): string {
  return `Attributes were written without a lock, because none can be made in ${path} (${code}): of two runs at the same time one may lose what the other has written.`;
}

/** Whether a write took; of attributes also when it took in part. */
function hasTakenEffect(change: Field, desired: DesiredSystem, after: SystemRecord): boolean {
  const now = managedFields(desired, after).find(({ option }) => option === change.option);
  if (now === undefined) return false;
  if (now.agrees || change.option !== 'attributes') return now.agrees;
  return JSON.stringify(now.current) !== JSON.stringify(change.current);
}

/** An old record that agrees already is past the agent's first initialisation. */
function isYoung({ clock }: HostSession, seconds: number, { created }: SystemRecord): boolean {
  return clock.now() - Date.parse(created ?? '') < seconds * 1000;
}

/** The answer to a PUT holds the record: what it does not show was not taken. */
function requireTakenEffect(desired: DesiredSystem, seen: SystemRecord): void {
  const ignored = drift(desired, seen);
  if (ignored.length === 0) return;
  const shown = ignored.map(
    ({ option, current, desired }) =>
      `${option} is ${truncate(JSON.stringify(current))} instead of ${truncate(JSON.stringify(desired))}`,
  );
  throw new NotApplied(
    `JumpCloud accepted the change, but its answer does not show it: ${shown.join('; ')}. Run again; if it stays so, a policy or an administrator may be setting the same.`,
    { details: { options: ignored.map(({ option }) => option) } },
  );
}
