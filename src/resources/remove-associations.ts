import { ASSOCIATION_TYPES, type EdgeChange } from '../api/graph.ts';
import type { Run } from '../run.ts';
import type { Session } from '../transport/session.ts';
import { applyEdges } from './apply-edges.ts';
import { associations, memberships } from './edges-access.ts';
import { type EdgesWish, planEdges } from './plan-edges.ts';
import type { Removed } from './removed.ts';

const NONE: EdgesWish = { edges: new Map(), state: 'present', exclusive: true };

/** Every kind of edge a system has: its groups, then what is associated with it. */
const KINDS = [
  { type: 'system_group', access: memberships },
  ...ASSOCIATION_TYPES.map((type) => ({ type, access: associations(type) })),
];

/** Takes this host out of every group and association; its record stays. */
export async function removeAssociations(
  session: Session,
  run: Run,
  stop: () => Promise<void>,
): Promise<readonly Removed[]> {
  const found = await Promise.all(
    KINDS.map(async ({ type, access }) => {
      const before = await access.read(session);
      return { type, access, before, changes: planEdges(NONE, before).changes };
    }),
  );
  const planned = found.flatMap(({ type, changes }) => changes.map(({ id }) => ({ type, id })));
  if (run.check || planned.length === 0) return planned;
  await stop();
  const removed: Removed[] = [];
  for (const { type, access, before, changes } of found) {
    const earlier = removed.length;
    const tell = (done: readonly EdgeChange[]) => {
      removed.splice(earlier, Infinity, ...done.map(({ id }) => ({ type, id })));
      run.soFar = { changed: true, removed };
    };
    await applyEdges({ session, run }, access, NONE, changes, before, tell);
  }
  return removed;
}
