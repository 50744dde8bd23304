import type { EdgeChange } from '../../api/graph.ts';
import { type ModuleError, NotApplied, NotFound, Rejected } from '../../base/errors.ts';
import type { EdgesAccess } from './edges-access.ts';
import type { ReadBack, RefusedEdge } from './write-edges.ts';

const MAYBE_DYNAMIC =
  'A group that JumpCloud fills by a rule (a dynamic group) can neither be joined nor left by hand: exempt this host from the rule in the Admin Portal; where a list of groups is kept, leave it out, or with exclusive name it in keep.';

/** What keeps a run from success, and in which list. */
export interface Unconfirmed {
  readonly error: ModuleError;
  readonly access: EdgesAccess;
  /** The same in sentences to stand behind another failure. */
  readonly also: string;
}

/**
 * The failure of a run that wrote to lists of edges, if it is one. What was refused, and is there all
 * the same, counts as done; of what is left the first refusal names the failure, before what was
 * accepted and does not show.
 */
export function unconfirmed(
  refused: readonly RefusedEdge[],
  readBacks: readonly ReadBack[],
): Unconfirmed | undefined {
  const open = readBacks.filter(({ left }) => left.length > 0);
  const isLeft = ({ access, change }: RefusedEdge) =>
    open.some((one) => one.access === access && one.left.some((other) => isSame(other, change)));
  const refusals = refused.filter(isLeft);
  const missing = open.flatMap(({ access, left }) =>
    left.filter(
      (change) => !refusals.some((one) => one.access === access && isSame(one.change, change)),
    ),
  );
  const hint = open.some(({ access }) => access.type === 'system_group') ? ` ${MAYBE_DYNAMIC}` : '';
  const also = `${listed(
    'Also refused',
    refusals.map(({ change }) => change),
  )}${listed('Not shown', missing)}${hint}`;
  const [first, ...others] = refusals;
  if (first !== undefined)
    return { error: refusedEdges(first, others, missing, hint), access: first.access, also };
  const [list] = open;
  return list && { error: notApplied(open, missing, hint), access: list.access, also };
}

function refusedEdges(
  first: RefusedEdge,
  others: readonly RefusedEdge[],
  missing: readonly EdgeChange[],
  hint: string,
): ModuleError {
  const refused = [first, ...others].map(({ access, change: { op, id }, status, message }) => ({
    op,
    type: access.type,
    id,
    status,
    message,
  }));
  const more =
    others.length === 0
      ? ''
      : ` ${others.length} more ${others.length === 1 ? 'was' : 'were'} refused: ${others.map(({ change }) => keyOf(change)).join(', ')}.`;
  const Kind = first.error instanceof NotFound ? NotFound : Rejected;
  return new Kind(`${first.error.message}${more}${hint}`, {
    details: {
      ...first.error.details,
      refused,
      ...(missing.length > 0 && { missing: missing.map(({ op, id }) => ({ op, id })) }),
    },
  });
}

function notApplied(
  lists: readonly ReadBack[],
  missing: readonly EdgeChange[],
  hint: string,
): NotApplied {
  const waitedMs = Math.max(...lists.map((list) => list.waitedMs));
  const names = lists.map(({ access }) => access.name).join(' and ');
  return new NotApplied(
    `${Math.round(waitedMs / 1000)} s after the last write, the list of ${names} still does not show: ${missing.map(keyOf).join(', ')}. Run again; if it stays so, someone or something else keeps changing the same in JumpCloud.${hint}`,
    { details: { missing: missing.map(({ op, id }) => ({ op, id })) } },
  );
}

function listed(what: string, changes: readonly EdgeChange[]): string {
  return changes.length === 0 ? '' : ` ${what}: ${changes.map(keyOf).join(', ')}.`;
}

function isSame(one: EdgeChange, other: EdgeChange): boolean {
  return one.op === other.op && one.id === other.id;
}

function keyOf({ op, id }: EdgeChange): string {
  return `${op} ${id}`;
}
