import { ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { associationsAccess, membershipsAccess } from '../edges/edges-access.ts';
import { edgesFailure } from '../edges/edges-failure.ts';
import type { DesiredEdges } from '../edges/plan-edges.ts';
import { edgesWriter } from '../edges/write-edges.ts';
import type { AgentStopper } from './agent-stopper.ts';
import { type RemovalState, type RemovedObject, removalBase } from './removal-base.ts';

const NO_EDGES: DesiredEdges = {
  edges: new Map(),
  state: 'present',
  exclusive: true,
  keep: new Set(),
};

/**
 * Returns the resource that removes all edges of this host, system groups first. The host keeps its
 * record.
 */
export function edgesRemovalResource(
  session: HostSession,
  agent: AgentStopper,
): Resource<RemovalState, RemovedObject> {
  const kinds = [
    membershipsAccess(session),
    ...ASSOCIATION_TYPES.map((type) => associationsAccess(session, type)),
  ];
  return {
    ...removalBase,

    async read() {
      const lists = await Promise.all(
        kinds.map(async ({ type, read }) => [...(await read()).keys()].map((id) => ({ type, id }))),
      );
      return { objects: lists.flat() };
    },

    async apply(run, { changes, after }) {
      if (changes.length === 0) return { done: [], after };
      await agent.stop(session.budget.remainingMs());
      const lists = kinds
        .map((access) => ({
          type: access.type,
          ids: changes.filter(({ type }) => type === access.type).map(({ id }) => id),
          writer: edgesWriter({ run, session, access, desired: NO_EDGES }),
        }))
        .filter(({ ids }) => ids.length > 0);
      const removed = () =>
        lists.flatMap(({ type, writer }) => writer.done().map(({ id }) => ({ type, id })));
      run.report.setProgress(() => removalBase.progress(after, removed()));
      for (const { ids, writer } of lists) {
        await writer.write(ids.map((id) => ({ op: 'remove', id })));
      }
      const readBacks = await Promise.all(lists.map(({ writer }) => writer.readBack()));
      const failure = edgesFailure(readBacks);
      return { done: removed(), after, ...(failure && { failure: failure.error }) };
    },
  };
}
