import { ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { associations, type EdgesAccess, memberships } from '../edges/edges-access.ts';
import { type Edges, type EdgesWish, planEdges } from '../edges/plan-edges.ts';
import { unconfirmed } from '../edges/unconfirmed.ts';
import { edgesWriter } from '../edges/write-edges.ts';
import type { AgentStop } from './agent-stop.ts';
import type { Target } from './target.ts';

const NONE: EdgesWish = { edges: new Map(), state: 'present', exclusive: true, keep: new Set() };

/** The edges of one kind. */
interface Found {
  readonly type: string;
  readonly access: EdgesAccess;
  readonly before: Edges;
}

/** Every kind of edge a system has: its groups, then what is associated with it. The record stays. */
export function allAssociations(session: HostSession, agent: AgentStop): Target<readonly Found[]> {
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
      const lists = found
        .filter(({ before }) => before.size > 0)
        .map((list) => ({ ...list, writer: edgesWriter({ run, session, wish: NONE, ...list }) }));
      const removed = () =>
        lists.flatMap(({ type, writer }) => writer.done().map(({ id }) => ({ type, id })));
      for (const { writer, before } of lists) {
        await writer.write(planEdges(NONE, before).changes).finally(() => tell(removed()));
      }
      const readBacks = await Promise.all(lists.map(({ writer }) => writer.readBack()));
      tell(removed());
      const failure = unconfirmed(readBacks);
      if (failure !== undefined) throw failure.error;
      return removed();
    },
  };
}
