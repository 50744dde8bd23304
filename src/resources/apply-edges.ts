import type { EdgeChange } from '../api/graph.ts';
import { NotApplied } from '../errors.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pause } from '../pause.ts';
import type { Applied } from '../reconcile.ts';
import type { Run } from '../run.ts';
import type { Session } from '../transport/session.ts';
import type { EdgesAccess } from './edges-access.ts';
import { PATIENCE_MS } from './patience.ts';
import { type Edges, type EdgesWish, planEdges } from './plan-edges.ts';

const FIRST_PAUSE_MS = 250;

/**
 * Writes changes to edges and reads the list again until it agrees with the wish. What somebody
 * else changes meanwhile is not a failure: it counts as theirs if it is what was wanted, and is
 * put right if it is not, each change once.
 * @throws NotApplied when the list does not agree within ten seconds of the last write
 */
export async function applyEdges(
  { session, run }: { session: Session; run: Run },
  access: EdgesAccess,
  wish: EdgesWish,
  changes: readonly EdgeChange[],
  before: Edges,
  onDone: (done: readonly EdgeChange[]) => void,
): Promise<Applied<Edges, EdgeChange>> {
  if (changes.length === 0) return { done: [], after: before };
  const tried = new Set<string>();
  const done: EdgeChange[] = [];
  const write = async (change: EdgeChange) => {
    tried.add(keyOf(change));
    if ((await access.write(session, change)) === 'conflict') return;
    done.push(change);
    onDone(done);
  };
  for (const change of changes) await write(change);

  let writtenAt = monotonicMs();
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const after = await access.read(session);
    const left = planEdges(wish, after).changes;
    if (left.length === 0) return { done, after };
    const fresh = left.filter((change) => !tried.has(keyOf(change)));
    if (fresh.length > 0) {
      for (const change of fresh) await write(change);
      // The graph may take as long again to show these.
      writtenAt = monotonicMs();
      pauseMs = FIRST_PAUSE_MS;
      continue;
    }
    const waitMs = Math.min(
      pauseMs,
      writtenAt + PATIENCE_MS - monotonicMs(),
      session.budget.remaining(),
    );
    if (waitMs <= 0) throw notApplied(access.name, left, monotonicMs() - writtenAt);
    const over = run.waiting(`for JumpCloud to show the change of ${access.name}`, waitMs);
    await pause(waitMs, run.signal).finally(over);
    pauseMs *= 2;
  }
}

function keyOf({ op, id }: EdgeChange): string {
  return `${op} ${id}`;
}

function notApplied(name: string, left: readonly EdgeChange[], waitedMs: number): NotApplied {
  const missing = left.map(({ op, id }) => ({ op, id }));
  return new NotApplied(
    `JumpCloud accepted the changes, but ${Math.round(waitedMs / 1000)} s later the list of ${name} still does not show: ${missing.map(({ op, id }) => `${op} ${id}`).join(', ')}. Run again; if it stays so, somebody or something keeps changing the same in JumpCloud.`,
    { missing },
  );
}
