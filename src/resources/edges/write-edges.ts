import type { EdgeChange, EdgeRefusal } from '../../api/graph.ts';
import { Unavailable } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';
import type { EdgesAccess } from './edges-access.ts';
import { type DesiredEdges, type Edges, planEdges } from './plan-edges.ts';

const FIRST_READ_BACK_DELAY_MS = 250;

/**
 * The number of edges that are written in parallel. A higher number would save little time: each
 * write needs a separate connection, and the hosts of a fleet share JumpCloud's rate limits.
 */
const PARALLEL_WRITES = 5;

/** The objects that a writer of one list of edges needs. */
export interface EdgesWriterContext {
  readonly run: Run;
  readonly session: HostSession;
  readonly access: EdgesAccess;
  readonly desired: DesiredEdges;
}

/** JumpCloud's refusal of a change to one edge, together with that change. */
export interface RefusedChange extends EdgeRefusal {
  readonly access: EdgesAccess;
  readonly change: EdgeChange;
  /**
   * The time of the refusal, in milliseconds of the monotonic clock. All refusals in a batch of
   * parallel writes have the same time: the end of the batch.
   */
  readonly refusedAt: number;
}

/** The state of a list of edges at the end of a run. */
export interface ReadBack {
  readonly access: EdgesAccess;
  readonly after: Edges;
  /** The changes that are still needed to reach the desired state. */
  readonly pending: readonly EdgeChange[];
  /**
   * The refused changes, in the order of writing. An edge may be as desired although its change was
   * refused.
   */
  readonly refused: readonly RefusedChange[];
  /** The time since the last write, in milliseconds. */
  readonly waitedMs: number;
}

/** The writes of one run to one list of edges. */
export interface EdgesWriter {
  /** Returns the changes that this run has made so far, in planned order. */
  done(): readonly EdgeChange[];
  /** Returns the list of edges as last read; undefined before the first read. */
  latest(): Edges | undefined;
  /**
   * Writes changes, a few in parallel. Additions and updates come before removals, so that users
   * who are to keep access never lose it during the run. Continues after a refused edge. Any other
   * failure ends the run once requests under way are answered.
   */
  write(changes: readonly EdgeChange[]): Promise<void>;
  /**
   * Polls the list of edges until it is as desired, for at most ten seconds after the last write.
   * Does not wait for refused edges. If someone else makes a desired change in the meantime, it is
   * not reported as made by this run. If someone else makes an undesired change, it is corrected
   * once.
   */
  readBack(): Promise<ReadBack>;
}

/** Returns a writer of one list of edges. Sends no request yet. */
export function edgesWriter(context: EdgesWriterContext): EdgesWriter {
  const { run, session, access, desired } = context;
  const triedChanges: EdgeChange[] = [];
  const refusedChanges = new Map<string, RefusedChange>();
  const doneChanges = new Set<EdgeChange>();
  let latest: Edges | undefined;
  let writtenAt = monotonicMs();

  // In planned order, not in the order of the answers.
  const doneInOrder = () => triedChanges.filter((change) => doneChanges.has(change));

  const markDone = (change: EdgeChange) => {
    doneChanges.add(change);
    run.report.recordWrite({ ...change, type: access.type });
  };

  const writeInParallel = async (changes: readonly EdgeChange[]) => {
    const queue = [...changes];
    const refusals = new Map<EdgeChange, EdgeRefusal>();
    let failure: { readonly error: unknown } | undefined;
    const worker = async () => {
      for (let change = queue.shift(); change !== undefined && !failure; change = queue.shift()) {
        triedChanges.push(change);
        const outcome = await access.write(change);
        writtenAt = monotonicMs();
        if (outcome === 'done') {
          markDone(change);
        } else if (outcome !== 'conflict') {
          refusals.set(change, outcome);
        }
      }
    };
    const stopRetries = (error: unknown) => {
      failure ??= { error };
      session.stopRetries(error);
    };
    await Promise.all(Array.from({ length: PARALLEL_WRITES }, () => worker().catch(stopRetries)));
    if (failure !== undefined) throw failure.error;
    const refusedAt = writtenAt;
    for (const change of changes) {
      const refusal = refusals.get(change);
      if (refusal)
        refusedChanges.set(keyOfChange(change), { ...refusal, access, change, refusedAt });
    }
  };

  const write = async (changes: readonly EdgeChange[]) => {
    await writeInParallel(changes.filter(({ op }) => op !== 'remove'));
    await writeInParallel(changes.filter(({ op }) => op === 'remove'));
  };

  const readBack = async () => {
    let delayMs = FIRST_READ_BACK_DELAY_MS;
    let pending: readonly EdgeChange[] = [];
    let hasRead = false;
    const poll = async (): Promise<true | undefined> => {
      try {
        latest = await access.read();
      } catch (error) {
        // An earlier read succeeded. Its result is more useful than the error that the budget is
        // used up.
        if (hasRead && isCutOffByBudget(error)) return true;
        throw error;
      }
      hasRead = true;
      pending = planEdges(desired, latest).changes;
      if (pending.every((change) => refusedChanges.has(keyOfChange(change)))) return true;
      const triedKeys = new Set(triedChanges.map(keyOfChange));
      const untried = pending.filter((change) => !triedKeys.has(keyOfChange(change)));
      if (untried.length === 0) return undefined;
      await write(untried);
      // The new changes may take as long to appear as the previous ones, so the delays start again
      // at the shortest.
      delayMs = FIRST_READ_BACK_DELAY_MS;
      return poll();
    };
    await pollUntil(run, poll, {
      what: `for JumpCloud's list of ${access.name} to show the changes`,
      delayMs: () => {
        delayMs *= 2;
        return delayMs / 2;
      },
      leftMs: () =>
        Math.min(writtenAt + READ_BACK_TIMEOUT_MS - monotonicMs(), session.budget.remainingMs()),
    });
    const pendingKeys = new Set(pending.map(keyOfChange));
    for (const [key, { change, inDoubt }] of refusedChanges) {
      // The last attempt was refused, but an earlier attempt, whose answer was lost, made the
      // change.
      if (inDoubt && !pendingKeys.has(key)) markDone(change);
    }
    return {
      access,
      after: latest ?? new Map(),
      pending,
      refused: [...refusedChanges.values()],
      waitedMs: monotonicMs() - writtenAt,
    };
  };

  return { done: doneInOrder, latest: () => latest, write, readBack };
}

/** Returns whether a request failed because the budget left no time for a second attempt. */
function isCutOffByBudget(error: unknown): boolean {
  return error instanceof Unavailable && error.attempts === 1;
}

/**
 * Returns a text that identifies a change, for example `add 5f1a…`. It serves as the key in maps
 * and as the change's name in messages.
 */
export function keyOfChange({ op, id }: EdgeChange): string {
  return `${op} ${id}`;
}
