import type { EdgeChange, Sudo } from '../../api/graph.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { EdgesAccess } from './edges-access.ts';
import { type DesiredEdges, type Edges, planEdges } from './plan-edges.ts';

/** The definition of a resource that manages a list of edges. */
export interface EdgesDefinition {
  readonly access: EdgesAccess;
  readonly desired: DesiredEdges;
  /** The option that lists the edges. The diff shows the edges under this name. */
  readonly option: string;
  /** The result field that lists the edges after the run. */
  readonly field: string;
  /** The form of the edges in results: ids, objects with an id, or objects with id and sudo. */
  readonly shape: 'ids' | 'objects' | 'with sudo';
  /** Returns warnings about the state after the run. */
  readonly warnings?: (after: Edges) => Promise<readonly string[]>;
}

/** A resource that manages a list of edges. */
export interface EdgesResource extends Resource<Edges, EdgeChange> {
  /** Returns a text with the number of changes of each kind, for example "2 added, 1 removed". */
  counts(done: readonly EdgeChange[]): string;
}

/** Returns the resource that manages a list of this host's edges. */
export function edgesResource(session: HostSession, definition: EdgesDefinition): EdgesResource {
  const { access, desired, shape, option, field, warnings } = definition;
  // Edges of the shape `ids` have no sudo, so they are never updated.
  const changedIds = (done: readonly EdgeChange[]) => {
    const { added, updated, removed } = idsByOp(done);
    return shape === 'ids' ? { added, removed } : { added, updated, removed };
  };
  const counts = (done: readonly EdgeChange[]) =>
    Object.entries(idsByOp(done))
      .filter(([, ids]) => ids.length > 0)
      .map(([op, ids]) => `${ids.length} ${op}`)
      .join(', ');
  const formatList = (state: Edges, show: (id: string, sudo: Sudo) => object) =>
    [...state].sort(compareIds).map(([id, sudo]) => (shape === 'ids' ? id : show(id, sudo)));
  const report = (observed: Edges, done: readonly EdgeChange[]) => {
    const show = (id: string, sudo: Sudo) => (shape === 'with sudo' ? { id, ...sudo } : { id });
    return { [field]: formatList(observed, show), ...changedIds(done) };
  };
  const progress = (observed: Edges, done: readonly EdgeChange[]) => ({
    changed: done.length > 0,
    ...report(observed, done),
  });

  return {
    read: access.read,

    plan: (before) => planEdges(desired, before),

    report,
    progress,
    counts,

    async apply(run, { changes }, before) {
      if (changes.length === 0) return { done: [], after: before };
      const { applyEdges } = await import('./apply-edges.ts');
      return applyEdges({ run, session, access, desired }, changes, (latest = before, done) =>
        progress(latest, done),
      );
    },

    diffView(state) {
      const managed = new Map(
        [...state].filter(([id]) => desired.exclusive || desired.edges.has(id)),
      );
      const managesSudo = (id: string) => {
        const edge = desired.edges.get(id);
        return edge?.sudo !== undefined || edge?.sudo_without_password !== undefined;
      };
      return {
        [option]: formatList(managed, (id, sudo) => (managesSudo(id) ? { id, ...sudo } : { id })),
      };
    },

    summary(done, isPrediction) {
      if (done.length === 0) return 'Nothing to change.';
      return `${isPrediction ? 'Would change' : 'Changed'} ${field}: ${counts(done)}.`;
    },

    ...(warnings && { warnings }),
  };
}

/**
 * Returns the ids of changed edges by operation. An edge that was added and then updated counts
 * only as added.
 */
function idsByOp(done: readonly EdgeChange[]): Record<'added' | 'updated' | 'removed', string[]> {
  const idsOf = (op: EdgeChange['op']) =>
    done.filter((change) => change.op === op).map(({ id }) => id);
  const added = idsOf('add');
  return {
    added,
    updated: idsOf('update').filter((id) => !added.includes(id)),
    removed: idsOf('remove'),
  };
}

function compareIds([a]: readonly [string, Sudo], [b]: readonly [string, Sudo]): number {
  return a < b ? -1 : 1;
}
