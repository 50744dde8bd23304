import type { EdgeChange, Sudo } from '../api/graph.ts';
import type { Resource } from '../reconcile.ts';
import type { Session } from '../transport/session.ts';
import { applyEdges } from './apply-edges.ts';
import type { EdgesAccess } from './edges-access.ts';
import { type Edges, type EdgesWish, planEdges } from './plan-edges.ts';

/** What makes one kind of edges a concern of its own. */
export interface EdgesConcern<Options> {
  readonly access: (options: Options) => EdgesAccess;
  readonly wish: (options: Options) => EdgesWish;
  /** The option that lists the edges; the diff shows them under its name. */
  readonly option: string;
  /** The result field that lists the edges afterwards. */
  readonly field: string;
  /** How results list the edges: as bare ids, as objects, or as objects that tell of sudo. */
  readonly shape: (options: Options) => 'ids' | 'objects' | 'with sudo';
  /** What the person has to know about the state afterwards. */
  readonly warn?: (session: Session, options: Options) => Promise<readonly string[]>;
}

/** A concern that is a set of edges from this host, kept as its options describe. */
export function edges<Options>(
  concern: EdgesConcern<Options>,
): Resource<Options, Edges, EdgeChange> {
  const { access, wish, shape } = concern;
  // An edge that is no more than an id cannot be updated.
  const lists = (options: Options, done: readonly EdgeChange[]) => {
    const { added, updated, removed } = idsByOp(done);
    return shape(options) === 'ids' ? { added, removed } : { added, updated, removed };
  };
  const list = (state: Edges, show: (id: string, sudo: Sudo) => unknown) =>
    [...state].sort(byId).map(([id, sudo]) => show(id, sudo));

  return {
    observe: (session, options) => access(options).read(session),

    plan: (options, before) => planEdges(wish(options), before),

    apply: (work, options, plan, before) =>
      applyEdges(work, access(options), wish(options), plan.changes, before, (done) => {
        work.run.soFar = { changed: true, ...lists(options, done) };
      }),

    managed(options, state) {
      const { edges: wished, exclusive } = wish(options);
      const managed = new Map([...state].filter(([id]) => exclusive || wished.has(id)));
      const show = (id: string, sudo: Sudo) => {
        if (shape(options) === 'ids') return id;
        const of = wished.get(id);
        const managesSudo = of?.sudo !== undefined || of?.sudo_without_password !== undefined;
        return managesSudo ? { id, ...sudo } : { id };
      };
      return { [concern.option]: list(managed, show) };
    },

    report(options, after, done) {
      const show = (id: string, sudo: Sudo) => {
        if (shape(options) === 'ids') return id;
        return shape(options) === 'with sudo' ? { id, ...sudo } : { id };
      };
      return { [concern.field]: list(after, show), ...lists(options, done) };
    },

    sentence: (done) => {
      const counts = Object.entries(idsByOp(done)).filter(([, ids]) => ids.length > 0);
      return `${concern.field}: ${counts.map(([op, ids]) => `${ids.length} ${op}`).join(', ')}.`;
    },

    ...(concern.warn && { warn: concern.warn }),
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
