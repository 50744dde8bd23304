import { type EdgeChange, NO_SUDO, type Sudo } from '../../api/graph.ts';
import type { Plan } from '../../reconcile.ts';

/**
 * This host's edges of one kind. Maps the id of each edge's object to the sudo that the edge
 * grants.
 */
export type Edges = ReadonlyMap<string, Sudo>;

/** The desired sudo of an edge. A value that is undefined is not managed. */
export interface DesiredSudo {
  readonly sudo?: boolean | undefined;
  readonly sudo_without_password?: boolean | undefined;
}

/** The desired state of a list of edges. */
export interface DesiredEdges {
  /** The listed edges, in the order of the option. */
  readonly edges: ReadonlyMap<string, DesiredSudo>;
  readonly state: 'present' | 'absent';
  /** Whether edges that are not listed are removed. */
  readonly exclusive: boolean;
  /** The ids of unlisted edges that stay although the list is exclusive. */
  readonly keep: ReadonlySet<string>;
}

/**
 * Compares edges with their desired state, and plans the changes. Additions come first and removals
 * last, so that users who are to keep access never lose it during the run.
 */
export function planEdges(desired: DesiredEdges, before: Edges): Plan<Edges, EdgeChange> {
  const changes =
    desired.state === 'present' ? planPresent(desired, before) : planAbsent(desired, before);
  return { changes, after: predictEdges(before, changes) };
}

function planPresent(desired: DesiredEdges, before: Edges): EdgeChange[] {
  const additions: EdgeChange[] = [];
  const updates: EdgeChange[] = [];
  for (const [id, edge] of desired.edges) {
    const current = before.get(id);
    const sudo = resolveSudo(edge, current ?? NO_SUDO);
    if (current === undefined) {
      additions.push(sudo.sudo ? { op: 'add', id, sudo } : { op: 'add', id });
    } else if (!isSameSudo(sudo, current)) {
      updates.push({ op: 'update', id, sudo });
    }
  }
  const unlistedIds = desired.exclusive
    ? [...before.keys()].filter((id) => !isDesired(desired, id))
    : [];
  return [...additions, ...updates, ...planRemovals(unlistedIds)];
}

/**
 * Returns whether an edge is listed, or protected by `keep`. An exclusive list does not remove such
 * an edge.
 */
export function isDesired({ edges, keep }: DesiredEdges, id: string): boolean {
  return edges.has(id) || keep.has(id);
}

function planAbsent(desired: DesiredEdges, before: Edges): EdgeChange[] {
  return planRemovals([...desired.edges.keys()].filter((id) => before.has(id)));
}

function planRemovals(ids: string[]): EdgeChange[] {
  return ids.map((id) => ({ op: 'remove', id }));
}

/** Returns the sudo that an edge gets. `sudo_without_password` is true only if `sudo` is true. */
function resolveSudo(desired: DesiredSudo, current: Sudo): Sudo {
  const sudo = desired.sudo ?? current.sudo;
  const withoutPassword = desired.sudo_without_password ?? current.sudo_without_password;
  return { sudo, sudo_without_password: sudo && withoutPassword };
}

function isSameSudo(a: Sudo, b: Sudo): boolean {
  return a.sudo === b.sudo && a.sudo_without_password === b.sudo_without_password;
}

function predictEdges(before: Edges, changes: readonly EdgeChange[]): Edges {
  const after = new Map(before);
  for (const change of changes) {
    if (change.op === 'remove') after.delete(change.id);
    else after.set(change.id, change.sudo ?? NO_SUDO);
  }
  return after;
}
