import type { EdgeChange, Sudo } from '../../api/graph.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { EdgesAccess } from './edges-access.ts';
import { edgesFailure } from './edges-failure.ts';
import { type DesiredEdges, type Edges, planEdges } from './plan-edges.ts';
import { edgesWriter } from './write-edges.ts';

/** What makes one kind of edges a concern of its own. */
export interface EdgesKind {
  readonly access: EdgesAccess;
  readonly desired: DesiredEdges;
  /** The option that lists the edges; the diff shows them under its name. */
  readonly option: string;
  /** The result field that lists the edges afterwards. */
  readonly field: string;
  /** How results list the edges: as bare ids, as objects, or as objects that tell of sudo. */
  readonly shape: 'ids' | 'objects' | 'with sudo';
  /** What the person has to know about the state afterwards. */
  readonly warnings?: (after: Edges) => Promise<readonly string[]>;
}

/** A concern that is a set of edges, and what tells of changes to it. */
export interface EdgesResource extends Resource<Edges, EdgeChange> {
  /** How much was changed, as in "2 added, 1 removed". */
  counts(done: readonly EdgeChange[]): string;
}

/** A concern that is a set of edges from this host, kept as its options describe. */
export function edges(session: HostSession, kind: EdgesKind): EdgesResource {
  const { access, desired, shape, option, field, warnings } = kind;
  // An edge that is no more than an id cannot be updated.
  const lists = (done: readonly EdgeChange[]) => {
    const { added, updated, removed } = idsByOp(done);
    return shape === 'ids' ? { added, removed } : { added, updated, removed };
  };
  const counts = (done: readonly EdgeChange[]) =>
    Object.entries(idsByOp(done))
      .filter(([, ids]) => ids.length > 0)
      .map(([op, ids]) => `${ids.length} ${op}`)
      .join(', ');
  const list = (state: Edges, show: (id: string, sudo: Sudo) => object) =>
    [...state].sort(byId).map(([id, sudo]) => (shape === 'ids' ? id : show(id, sudo)));
  const report = (seen: Edges, done: readonly EdgeChange[]) => {
    const show = (id: string, sudo: Sudo) => (shape === 'with sudo' ? { id, ...sudo } : { id });
    return { [field]: list(seen, show), ...lists(done) };
  };
  const progress = (seen: Edges, done: readonly EdgeChange[]) => ({
    changed: done.length > 0,
    ...report(seen, done),
  });

  return {
    read: access.read,

    plan: (before) => planEdges(desired, before),

    report,
    progress,
    counts,

    async apply(run, { changes }, before) {
      if (changes.length === 0) return { done: [], after: before };
      const writer = edgesWriter({ run, session, access, desired: desired });
      run.report.setProgress(() => progress(writer.seen() ?? before, writer.done()));
      await writer.write(changes);
      const readBack = await writer.readBack();
      const failure = edgesFailure([readBack]);
      return {
        done: writer.done(),
        after: readBack.after,
        ...(failure && { failure: failure.error }),
      };
    },

    diffView(state) {
      const managed = new Map(
        [...state].filter(([id]) => desired.exclusive || desired.edges.has(id)),
      );
      const managesSudo = (id: string) => {
        const of = desired.edges.get(id);
        return of?.sudo !== undefined || of?.sudo_without_password !== undefined;
      };
      return {
        [option]: list(managed, (id, sudo) => (managesSudo(id) ? { id, ...sudo } : { id })),
      };
    },

    summary(done, isPrediction) {
      if (done.length === 0) return 'Nothing to change.';
      return `${isPrediction ? 'Would change' : 'Changed'} ${field}: ${counts(done)}.`;
    },

    ...(warnings && { warnings }),
  };
}

/** An edge whose sudo had to be put right after it was added still counts as added only. */
function idsByOp(done: readonly EdgeChange[]): Record<'added' | 'updated' | 'removed', string[]> {
  const of = (op: EdgeChange['op']) =>
    done.filter((change) => change.op === op).map(({ id }) => id);
  const added = of('add');
  return {
    added,
    updated: of('update').filter((id) => !added.includes(id)),
    removed: of('remove'),
  };
}

function byId([a]: readonly [string, Sudo], [b]: readonly [string, Sudo]): number {
  return a < b ? -1 : 1;
}
