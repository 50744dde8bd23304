import { type EdgeChange, NO_SUDO, type Sudo } from '../../api/graph.ts';
import type { Plan } from '../../reconcile.ts';

/** This host's edges of one kind: the sudo each grants, by the id at the other end. */
export type Edges = ReadonlyMap<string, Sudo>;

/** The sudo wanted on an edge; what is undefined stays as it is. */
export interface DesiredSudo {
  readonly sudo?: boolean | undefined;
  readonly sudo_without_password?: boolean | undefined;
}

/** What is wanted of a set of edges. */
export interface DesiredEdges {
  /** In the order given. */
  readonly edges: ReadonlyMap<string, DesiredSudo>;
  readonly state: 'present' | 'absent';
  /** Whether edges that are not wanted are removed. */
  readonly exclusive: boolean;
  /** What stays all the same. */
  readonly keep: ReadonlySet<string>;
}

/**
 * Compares edges with what is wanted of them. Additions come first and removals last, so that
 * nobody who keeps access loses it in between.
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
    } else if (!sameSudo(sudo, current)) {
      updated.push({ op: 'update', id, sudo });
    }
  }
  const left = desired.exclusive ? [...before.keys()].filter((id) => !isDesired(desired, id)) : [];
  return [...added, ...updated, ...removals(left)];
}

/** Whether an exclusive wish leaves an edge in place. */
export function isDesired({ edges, keep }: DesiredEdges, id: string): boolean {
  return edges.has(id) || keep.has(id);
}

function planAbsent(desired: DesiredEdges, before: Edges): EdgeChange[] {
  return removals([...desired.edges.keys()].filter((id) => before.has(id)));
}

function removals(ids: string[]): EdgeChange[] {
  return ids.map((id) => ({ op: 'remove', id }));
}

/** Sudo without password is nothing without sudo: a wish for no sudo takes both away. */
function desiredSudo(desired: DesiredSudo, current: Sudo): Sudo {
  const sudo = desired.sudo ?? current.sudo;
  const withoutPassword = desired.sudo_without_password ?? current.sudo_without_password;
  return { sudo, sudo_without_password: sudo && withoutPassword };
}

function sameSudo(a: Sudo, b: Sudo): boolean {
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
