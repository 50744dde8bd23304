import type { EdgeChange } from '../../api/graph.ts';
import { NotApplied } from '../../errors.ts';
import { monotonicMs } from '../../monotonic-clock.ts';
import { pollUntil } from '../../poll-until.ts';
import type { Applied } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { Budget } from '../../transport/budget.ts';
import { READ_BACK_TIMEOUT_MS } from '../read-back-timeout.ts';
import type { EdgesAccess } from './edges-access.ts';
import { type Edges, type EdgesWish, planEdges } from './plan-edges.ts';

const FIRST_DELAY_MS = 250;

/** What changes to edges are made with. */
export interface EdgesWork {
  readonly run: Run;
  readonly budget: Budget;
  readonly access: EdgesAccess;
  readonly wish: EdgesWish;
  /** Told of all that has been written, after each write. */
  readonly onDone: (done: readonly EdgeChange[]) => void;
}

/**
 * Writes changes to edges and reads the list again until it agrees with the wish. What somebody
 * else changes meanwhile is not a failure: it counts as theirs if it is what was wanted, and is
 * put right if it is not, each change once.
 * @throws NotApplied when the list does not agree within ten seconds of the last write
 */
export async function applyEdges(
  { run, budget, access, wish, onDone }: EdgesWork,
  changes: readonly EdgeChange[],
  before: Edges,
): Promise<Applied<Edges, EdgeChange>> {
  if (changes.length === 0) return { done: [], after: before };
  const tried = new Set<string>();
  const done: EdgeChange[] = [];
  const write = async (change: EdgeChange) => {
    tried.add(keyOf(change));
    if ((await access.write(change)) === 'conflict') return;
    done.push(change);
    onDone(done);
  };
  for (const change of changes) await write(change);

  let writtenAt = monotonicMs();
  let delayMs = FIRST_DELAY_MS;
  let left: readonly EdgeChange[] = [];
  const look = async (): Promise<Edges | undefined> => {
    const seen = await access.read();
    left = planEdges(wish, seen).changes;
    if (left.length === 0) return seen;
    const fresh = left.filter((change) => !tried.has(keyOf(change)));
    if (fresh.length === 0) return undefined;
    for (const change of fresh) await write(change);
    // The graph may take as long again to show these.
    writtenAt = monotonicMs();
    delayMs = FIRST_DELAY_MS;
    return look();
  };
  const after = await pollUntil(run, look, {
    what: `for JumpCloud to show the change of ${access.name}`,
    delayMs: () => {
      delayMs *= 2;
      return delayMs / 2;
    },
    leftMs: () => Math.min(writtenAt + READ_BACK_TIMEOUT_MS - monotonicMs(), budget.remaining()),
  });
  if (after !== undefined) return { done, after };
  throw notApplied(access.name, left, monotonicMs() - writtenAt);
}

function keyOf({ op, id }: EdgeChange): string {
  return `${op} ${id}`;
}

function notApplied(name: string, left: readonly EdgeChange[], waitedMs: number): NotApplied {
  const missing = left.map(({ op, id }) => ({ op, id }));
  return new NotApplied(
    `JumpCloud accepted the changes, but ${Math.round(waitedMs / 1000)} s later the list of ${name} still does not show: ${missing.map(({ op, id }) => `${op} ${id}`).join(', ')}. Run again; if it stays so, somebody or something keeps changing the same in JumpCloud.`,
    { details: { missing } },
  );
}
