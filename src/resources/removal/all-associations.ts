import { ASSOCIATION_TYPES, type EdgeChange } from '../../api/graph.ts';
import type { Session } from '../../transport/session.ts';
import { applyEdges } from '../edges/apply-edges.ts';
import { associations, type EdgesAccess, memberships } from '../edges/edges-access.ts';
import { type Edges, type EdgesWish, planEdges } from '../edges/plan-edges.ts';
import type { AgentStop } from './agent-stop.ts';
import type { Removed, Target } from './target.ts';

const NONE: EdgesWish = { edges: new Map(), state: 'present', exclusive: true };

/** The edges of one kind. */
interface Found {
  readonly type: string;
  readonly access: EdgesAccess;
  readonly before: Edges;
}

/** Every kind of edge a system has: its groups, then what is associated with it. The record stays. */
export function allAssociations(session: Session, agent: AgentStop): Target<readonly Found[]> {
  const kinds = [
    { type: 'system_group', access: memberships(session) },
    ...ASSOCIATION_TYPES.map((type) => ({ type, access: associations(session, type) })),
  ];
  return {
    read: () =>
      Promise.all(kinds.map(async (kind) => ({ ...kind, before: await kind.access.read() }))),

    present: (found) =>
      found.flatMap(({ type, before }) => [...before.keys()].map((id) => ({ type, id }))),

    async remove(run, found, tell) {
      if (found.every(({ before }) => before.size === 0)) return [];
      await agent.stop();
      const removed: Removed[] = [];
      for (const { type, access, before } of found) {
        const earlier = removed.length;
        const onDone = (done: readonly EdgeChange[]) => {
          removed.splice(earlier, Infinity, ...done.map(({ id }) => ({ type, id })));
          tell(removed);
        };
        const work = { run, budget: session.budget, access, wish: NONE, onDone };
        await applyEdges(work, planEdges(NONE, before).changes, before);
      }
      return removed;
    },
  };
}
