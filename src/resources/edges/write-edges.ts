import type { EdgeChange, EdgeRefusal } from '../../api/graph.ts';
import { Unavailable } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';
import type { EdgesAccess } from './edges-access.ts';
import { type DesiredEdges, type Edges, planEdges } from './plan-edges.ts';

const FIRST_DELAY_MS = 250;

/**
 * So many edges are written at the same time. More would save little, as each needs a connection of
 * its own, and the hosts of a fleet share JumpCloud's limits.
 */
const WRITES_AT_ONCE = 5;

/** What writing to one list of edges needs. */
export interface EdgesWriterContext {
  readonly run: Run;
  readonly session: HostSession;
  readonly access: EdgesAccess;
  readonly desired: DesiredEdges;
}

/** An edge that JumpCloud refused to write. */
export interface RefusedEdge extends EdgeRefusal {
  readonly access: EdgesAccess;
  readonly change: EdgeChange;
  /** When the last write beside it was answered, in milliseconds of the monotonic clock. */
  readonly refusedAt: number;
}

/** What a list shows at the end of a run. */
export interface ReadBack {
  readonly access: EdgesAccess;
  readonly after: Edges;
  /** What it does not show of the wish. */
  readonly left: readonly EdgeChange[];
  /** What JumpCloud refused, in the order of writing. It may be there all the same. */
  readonly refused: readonly RefusedEdge[];
  /** How long it was waited for since the last write, in milliseconds. */
  readonly waitedMs: number;
}

/** The writes of one run to one list of edges. */
export interface EdgesWriter {
  /** What this run has written so far, in the order in which it was to be written. */
  done(): readonly EdgeChange[];
  /** The list as it was read last; undefined until it is read back. */
  seen(): Edges | undefined;
  /**
   * Writes changes, a few at the same time, and what takes something away after all that gives: nobody
   * who keeps access loses it in between. Goes on after one that is refused; any other failure ends the
   * run, once what is under way has been answered.
   */
  write(changes: readonly EdgeChange[]): Promise<void>;
  /**
   * Reads the list again until it agrees with the wish, for ten seconds after the last write at most.
   * What somebody else changes meanwhile is not a failure: it counts as theirs if it is what was
   * wanted, and is put right if it is not, each change once. Not waited for is what was refused.
   */
  readBack(): Promise<ReadBack>;
}

/** Begins to write to one list of edges. */
export function edgesWriter(work: EdgesWriterContext): EdgesWriter {
  const { run, session, access, desired } = work;
  const tried: EdgeChange[] = [];
  const refused = new Map<string, RefusedEdge>();
  const done = new Set<EdgeChange>();
  let seen: Edges | undefined;
  let writtenAt = monotonicMs();

  // Not in the order of the answers.
  const doneInOrder = () => tried.filter((change) => done.has(change));

  const writeAtOnce = async (changes: readonly EdgeChange[]) => {
    const left = [...changes];
    const refusals = new Map<EdgeChange, EdgeRefusal>();
    let failure: { readonly error: unknown } | undefined;
    const lane = async () => {
      for (let change = left.shift(); change !== undefined && !failure; change = left.shift()) {
        tried.push(change);
        const written = await access.write(change);
        writtenAt = monotonicMs();
        if (written === 'done') {
          done.add(change);
        } else if (written !== 'conflict') {
          refusals.set(change, written);
        }
      }
    };
    const end = (error: unknown) => {
      failure ??= { error };
      session.end(error);
    };
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, () => lane().catch(end)));
    if (failure !== undefined) throw failure.error;
    const refusedAt = writtenAt;
    for (const change of changes) {
      const refusal = refusals.get(change);
      if (refusal) refused.set(changeKey(change), { ...refusal, access, change, refusedAt });
    }
  };

  const write = async (changes: readonly EdgeChange[]) => {
    await writeAtOnce(changes.filter(({ op }) => op !== 'remove'));
    await writeAtOnce(changes.filter(({ op }) => op === 'remove'));
  };

  const readBack = async () => {
    let delayMs = FIRST_DELAY_MS;
    let left: readonly EdgeChange[] = [];
    let isSeen = false;
    const look = async (): Promise<true | undefined> => {
      try {
        seen = await access.read();
      } catch (error) {
        // That the budget ended over another look says less than what was seen before.
        if (isSeen && isCutOff(error)) return true;
        throw error;
      }
      isSeen = true;
      left = planEdges(desired, seen).changes;
      if (left.every((change) => refused.has(changeKey(change)))) return true;
      const before = new Set(tried.map(changeKey));
      const fresh = left.filter((change) => !before.has(changeKey(change)));
      if (fresh.length === 0) return undefined;
      await write(fresh);
      // The graph may take as long again to show these.
      delayMs = FIRST_DELAY_MS;
      return look();
    };
    await pollUntil(run, look, {
      what: `for JumpCloud to show the change of ${access.name}`,
      delayMs: () => {
        delayMs *= 2;
        return delayMs / 2;
      },
      leftMs: () =>
        Math.min(writtenAt + READ_BACK_TIMEOUT_MS - monotonicMs(), session.budget.remaining()),
    });
    const missing = new Set(left.map(changeKey));
    for (const [key, { change, inDoubt }] of refused) {
      // An attempt before the refused one had done it.
      if (inDoubt && !missing.has(key)) done.add(change);
    }
    return {
      access,
      after: seen ?? new Map(),
      left,
      refused: [...refused.values()],
      waitedMs: monotonicMs() - writtenAt,
    };
  };

  return { done: doneInOrder, seen: () => seen, write, readBack };
}

/** Whether the budget left no time for more than one attempt. */
function isCutOff(error: unknown): boolean {
  return error instanceof Unavailable && error.attempts === 1;
}

function changeKey({ op, id }: EdgeChange): string {
  return `${op} ${id}`;
}
