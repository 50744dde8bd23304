import { type EdgeChange, NO_SUDO, type Sudo } from '../../api/graph.ts';
import type { Plan } from '../../reconcile.ts';

/** This host's edges of one kind: the sudo each grants, by the id at the other end. */
export type Edges = ReadonlyMap<string, Sudo>;

/** The sudo wanted on an edge; what is undefined stays as it is. */
export interface SudoWish {
  readonly sudo?: boolean | undefined;
  readonly sudo_without_password?: boolean | undefined;
}

/** What is wanted of a set of edges. */
export interface EdgesWish {
  /** In the order given. */
  readonly edges: ReadonlyMap<string, SudoWish>;
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
export function planEdges(wish: EdgesWish, before: Edges): Plan<Edges, EdgeChange> {
  const changes = wish.state === 'present' ? presence(wish, before) : absence(wish, before);
  return { changes, after: withChanges(before, changes) };
}

function presence(wish: EdgesWish, before: Edges): EdgeChange[] {
  const added: EdgeChange[] = [];
  const updated: EdgeChange[] = [];
  for (const [id, sudoWish] of wish.edges) {
    const current = before.get(id);
    const sudo = wantedSudo(sudoWish, current ?? NO_SUDO);
    if (current === undefined) {
      added.push(sudo.sudo ? { op: 'add', id, sudo } : { op: 'add', id });
    } else if (!sameSudo(sudo, current)) {
      updated.push({ op: 'update', id, sudo });
    }
  }
  const left = wish.exclusive ? [...before.keys()].filter((id) => !isWanted(wish, id)) : [];
  return [...added, ...updated, ...removals(left)];
}

/** Whether an exclusive wish leaves an edge in place. */
export function isWanted({ edges, keep }: EdgesWish, id: string): boolean {
  return edges.has(id) || keep.has(id);
}

function absence(wish: EdgesWish, before: Edges): EdgeChange[] {
  return removals([...wish.edges.keys()].filter((id) => before.has(id)));
}

function removals(ids: string[]): EdgeChange[] {
  return ids.map((id) => ({ op: 'remove', id }));
}

/** Sudo without password is nothing without sudo: a wish for no sudo takes both away. */
function wantedSudo(wish: SudoWish, current: Sudo): Sudo {
  const sudo = wish.sudo ?? current.sudo;
  const withoutPassword = wish.sudo_without_password ?? current.sudo_without_password;
  return { sudo, sudo_without_password: sudo && withoutPassword };
}

function sameSudo(a: Sudo, b: Sudo): boolean {
  return a.sudo === b.sudo && a.sudo_without_password === b.sudo_without_password;
}

function withChanges(before: Edges, changes: readonly EdgeChange[]): Edges {
  const after = new Map(before);
  for (const change of changes) {
    if (change.op === 'remove') after.delete(change.id);
    else after.set(change.id, change.sudo ?? NO_SUDO);
  }
  return after;
}
