import { type EdgeChange, NO_SUDO, type Sudo } from '../../api/graph.ts';
import type { Plan } from '../../reconcile.ts';

/** This host's edges of one kind: the sudo each grants, by the id at the other end. */
export type Edges = ReadonlyMap<string, Sudo>;

/** The desired sudo of an edge; an undefined value is not managed. */
export interface DesiredSudo {
  readonly sudo?: boolean | undefined;
  readonly sudo_without_password?: boolean | undefined;
}

/** The desired state of a set of edges. */
export interface DesiredEdges {
  /** In the order given. */
  readonly edges: ReadonlyMap<string, DesiredSudo>;
  readonly state: 'present' | 'absent';
  /** Whether all other edges are removed. */
  readonly exclusive: boolean;
  /** The ids that are not removed even if the list is exclusive. */
  readonly keep: ReadonlySet<string>;
}

/**
 * Compares edges with their desired state. Additions come first and removals last, so that no one
 * who keeps access loses it in between.
 */
export function planEdges(desired: DesiredEdges, before: Edges): Plan<Edges, EdgeChange> {
  const changes =
    desired.state === 'present' ? planPresent(desired, before) : planAbsent(desired, before);
  return { changes, after: edgesAfter(before, changes) };
}

function planPresent(desired: DesiredEdges, before: Edges): EdgeChange[] {
  const added: EdgeChange[] = [];
  const updated: EdgeChange[] = [];
  for (const [id, edge] of desired.edges) {
    const current = before.get(id);
    const sudo = desiredSudo(edge, current ?? NO_SUDO);
    if (current === undefined) {
      added.push(sudo.sudo ? { op: 'add', id, sudo } : { op: 'add', id });
    } else if (!isSameSudo(sudo, current)) {
      updated.push({ op: 'update', id, sudo });
    }
  }
  const unlisted = desired.exclusive
    ? [...before.keys()].filter((id) => !isDesired(desired, id))
    : [];
  return [...added, ...updated, ...removals(unlisted)];
}

/** Returns whether an edge stays when the list is exclusive. */
export function isDesired({ edges, keep }: DesiredEdges, id: string): boolean {
  return edges.has(id) || keep.has(id);
}

function planAbsent(desired: DesiredEdges, before: Edges): EdgeChange[] {
  return removals([...desired.edges.keys()].filter((id) => before.has(id)));
}

function removals(ids: string[]): EdgeChange[] {
  return ids.map((id) => ({ op: 'remove', id }));
}

/** Returns the sudo an edge should have. If sudo is off, so is sudo without password. */
function desiredSudo(desired: DesiredSudo, current: Sudo): Sudo {
  const sudo = desired.sudo ?? current.sudo;
  const withoutPassword = desired.sudo_without_password ?? current.sudo_without_password;
  return { sudo, sudo_without_password: sudo && withoutPassword };
}

function isSameSudo(a: Sudo, b: Sudo): boolean {
  return a.sudo === b.sudo && a.sudo_without_password === b.sudo_without_password;
}

function edgesAfter(before: Edges, changes: readonly EdgeChange[]): Edges {
  const after = new Map(before);
  for (const change of changes) {
    if (change.op === 'remove') after.delete(change.id);
    else after.set(change.id, change.sudo ?? NO_SUDO);
  }
  return after;
}
