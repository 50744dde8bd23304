import type { EdgeChange } from '../../api/graph.ts';
import { type FailureText, type ModuleError, NotApplied } from '../../base/errors.ts';
import type { EdgesAccess } from './edges-access.ts';
import { keyOfChange, type ReadBack, type RefusedChange } from './write-edges.ts';

const DYNAMIC_GROUP_HINT =
  'A dynamic group cannot be joined or left by hand, because JumpCloud fills it by a rule. Leave such a group out of the list, or exempt this host from the rule in the Admin Portal. If the list is exclusive, also name the group in the option keep.';

/** Why a run that wrote edges failed. `access` is the list of edges that the failure concerns. */
export interface EdgesFailure {
  readonly error: ModuleError;
  /**
   * The refused changes, and the accepted changes that JumpCloud does not show, in the form of
   * `error.details`.
   */
  readonly details: Readonly<Record<string, unknown>>;
  readonly access: EdgesAccess;
  /**
   * The texts to append to the message of another failure that takes precedence over this one: what
   * happened to the changes that `details` lists, and a hint.
   */
  readonly followUp: readonly [reason: string, hint: string];
}

/**
 * Returns the failure of a run that wrote to lists of edges; undefined when all lists are as
 * desired. Ignores a refused change if its edge is as desired. The error is that of the first
 * remaining refusal. If none remains, the error lists the changes that JumpCloud accepted but does
 * not show.
 */
export function edgesFailure(readBacks: readonly ReadBack[]): EdgesFailure | undefined {
  const incompleteLists = readBacks.filter(({ pending }) => pending.length > 0);
  const refusals = incompleteLists
    .flatMap(({ pending, refused }) =>
      refused.filter(({ change }) => pending.some((other) => isSameChange(other, change))),
    )
    .sort((a, b) => a.refusedAt - b.refusedAt);
  const missingChanges = incompleteLists.flatMap(({ pending, refused }) =>
    pending.filter((change) => !refused.some((one) => isSameChange(one.change, change))),
  );
  const details = {
    ...(refusals.length > 0 && { refused: refusals.map(reportRefusedChange) }),
    ...(missingChanges.length > 0 && { missing: missingChanges.map(({ op, id }) => ({ op, id })) }),
  };
  const isAboutGroups = incompleteLists.some(({ access }) => access.type === 'system_group');
  const hint = isAboutGroups ? DYNAMIC_GROUP_HINT : '';
  const refusedChanges = refusals.map(({ change }) => change);
  const sentences = [
    ...listChanges('Also refused', refusedChanges),
    ...listChanges('JumpCloud accepted these changes, but does not show them', missingChanges),
  ];
  const followUp = [sentences.join(' '), hint] as const;
  const [first, ...others] = refusals;
  if (first !== undefined) {
    const error = first.error.withDetails(details, describeOtherRefusals(others), hint);
    return { error, details, access: first.access, followUp };
  }
  const [list] = incompleteLists;
  if (list === undefined) return undefined;
  const error = new NotApplied(describeMissingChanges(incompleteLists, missingChanges), {
    details,
  }).withDetails({}, '', hint);
  return { error, details, access: list.access, followUp };
}

function reportRefusedChange({ access, change: { op, id }, status, message }: RefusedChange) {
  return { op, type: access.type, id, status, message };
}

function describeOtherRefusals(others: readonly RefusedChange[]): string {
  if (others.length === 0) return '';
  return `${others.length} more ${others.length === 1 ? 'was' : 'were'} refused: ${others.map(({ change }) => keyOfChange(change)).join(', ')}.`;
}

function describeMissingChanges(
  lists: readonly ReadBack[],
  missing: readonly EdgeChange[],
): FailureText {
  const waitedMs = Math.max(...lists.map((list) => list.waitedMs));
  const names = lists.map(({ access }) => access.name).join(' and ');
  return [
    `${Math.round(waitedMs / 1000)} s after the last write, JumpCloud's list of ${names} still does not show these changes: ${missing.map(keyOfChange).join(', ')}.`,
    'Run again. If this persists, someone or something else keeps undoing the changes in JumpCloud.',
  ];
}

function listChanges(label: string, changes: readonly EdgeChange[]): string[] {
  return changes.length === 0 ? [] : [`${label}: ${changes.map(keyOfChange).join(', ')}.`];
}

function isSameChange(one: EdgeChange, other: EdgeChange): boolean {
  return one.op === other.op && one.id === other.id;
}
