import type { EdgeChange } from '../../api/graph.ts';
import { type ModuleError, NotApplied } from '../../base/errors.ts';
import type { EdgesAccess } from './edges-access.ts';
import type { ReadBack, RefusedEdge } from './write-edges.ts';

const MAYBE_DYNAMIC =
  'A group that JumpCloud fills by a rule (a dynamic group) can neither be joined nor left by hand: exempt this host from the rule in the Admin Portal; where a list of groups is kept, leave it out, or with exclusive name it in keep.';

/** What keeps a run from success, and in which list. */
export interface EdgesFailure {
  readonly error: ModuleError;
  /** The refused edges, and those that do not show, as they stand in the details of the error. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly access: EdgesAccess;
  /** The same in sentences to stand behind another failure. */
  readonly also: string;
}

/**
 * The failure of a run that wrote to lists of edges, if it is one. What was refused, and is there all
 * the same, counts as done; of what is left the first refusal names the failure, before what was
 * accepted and does not show.
 */
export function edgesFailure(readBacks: readonly ReadBack[]): EdgesFailure | undefined {
  const open = readBacks.filter(({ left }) => left.length > 0);
  const refusals = open
    .flatMap(({ left, refused }) =>
      refused.filter(({ change }) => left.some((other) => isSame(other, change))),
    )
    .sort((a, b) => a.refusedAt - b.refusedAt);
  const missing = open.flatMap(({ left, refused }) =>
    left.filter((change) => !refused.some((one) => isSame(one.change, change))),
  );
  const details = {
    ...(refusals.length > 0 && { refused: refusals.map(reportRefused) }),
    ...(missing.length > 0 && { missing: missing.map(({ op, id }) => ({ op, id })) }),
  };
  const hint = open.some(({ access }) => access.type === 'system_group') ? ` ${MAYBE_DYNAMIC}` : '';
  const also = `${listed(
    'Also refused',
    refusals.map(({ change }) => change),
  )}${listed('Not shown', missing)}${hint}`;
  const [first, ...others] = refusals;
  if (first !== undefined) {
    const error = first.error.withDetails(details, `${moreRefused(others)}${hint}`);
    return { error, details, access: first.access, also };
  }
  const [list] = open;
  if (list === undefined) return undefined;
  const error = new NotApplied(`${notShown(open, missing)}${hint}`, { details });
  return { error, details, access: list.access, also };
}

function reportRefused({ access, change: { op, id }, status, message }: RefusedEdge) {
  return { op, type: access.type, id, status, message };
}

function moreRefused(others: readonly RefusedEdge[]): string {
  if (others.length === 0) return '';
  return ` ${others.length} more ${others.length === 1 ? 'was' : 'were'} refused: ${others.map(({ change }) => changeKey(change)).join(', ')}.`;
}

function notShown(lists: readonly ReadBack[], missing: readonly EdgeChange[]): string {
  const waitedMs = Math.max(...lists.map((list) => list.waitedMs));
  const names = lists.map(({ access }) => access.name).join(' and ');
  return `${Math.round(waitedMs / 1000)} s after the last write, the list of ${names} still does not show: ${missing.map(changeKey).join(', ')}. Run again; if it stays so, someone or something else keeps changing the same in JumpCloud.`;
}

function listed(what: string, changes: readonly EdgeChange[]): string {
  return changes.length === 0 ? '' : ` ${what}: ${changes.map(changeKey).join(', ')}.`;
}

function isSame(one: EdgeChange, other: EdgeChange): boolean {
  return one.op === other.op && one.id === other.id;
}

function changeKey({ op, id }: EdgeChange): string {
  return `${op} ${id}`;
}
