import { ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { associations, type EdgesAccess, memberships } from '../edges/edges-access.ts';
import { type Edges, type EdgesWish, planEdges } from '../edges/plan-edges.ts';
import { unconfirmed } from '../edges/unconfirmed.ts';
import { type EdgesWriter, edgesWriter, type RefusedEdge } from '../edges/write-edges.ts';
import type { AgentStop } from './agent-stop.ts';
import type { Removed, Target } from './target.ts';

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
      const refused: RefusedEdge[] = [];
      const removed = new Map<string, readonly Removed[]>();
      const writers: EdgesWriter[] = [];
      for (const { type, access, before } of found) {
        if (before.size === 0) continue;
        const writer = edgesWriter({
          run,
          session,
          access,
          wish: NONE,
          onDone: (done) => {
            removed.set(
              type,
              done.map(({ id }) => ({ type, id })),
            );
            tell([...removed.values()].flat());
          },
          onRefused: (edge) => refused.push(edge),
        });
        await writer.write(planEdges(NONE, before).changes);
        writers.push(writer);
      }
      const readBacks = await Promise.all(writers.map((writer) => writer.readBack()));
      const failure = unconfirmed(refused, readBacks);
      if (failure !== undefined) throw failure.error;
      return [...removed.values()].flat();
    },
  };
}
