import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { type KindOrResolver, objects } from '../../options/id.ts';
import { INVALID, type MaybeInvalid } from '../../options/invalid-value.ts';
import { type PartialValues, withDefault } from '../../options/option.ts';
import { boolean } from '../../options/scalars.ts';
import type { DesiredEdges, DesiredSudo } from './plan-edges.ts';

/**
 * Returns the options that all modules for edges share. `kind` is the kind of object that the edges
 * lead to.
 */
export function edgesOptions(kind: KindOrResolver) {
  return {
    state: withDefault(choice('present', 'absent'), 'present'),
    exclusive: withDefault(boolean(), false),
    keep: objects(kind),
  };
}

/** The options that apply to a whole list of edges. */
export interface EdgesOptions {
  readonly state: DesiredEdges['state'];
  readonly exclusive: boolean;
  readonly keep: readonly string[] | undefined;
}

/**
 * Returns the problems of the options `state`, `exclusive` and `keep` if they do not fit together.
 */
export function checkEdgesOptions({
  state,
  exclusive,
  keep,
}: PartialValues<ReturnType<typeof edgesOptions>>): Problem[] {
  return [
    ...(state === 'absent' && exclusive === true
      ? [{ option: 'exclusive', message: 'cannot be used with state: absent' }]
      : []),
    ...(keep !== undefined && exclusive === false
      ? [
          {
            option: 'keep',
            message: 'needs exclusive: true; without it, what is not listed stays anyway',
          },
        ]
      : []),
  ];
}

/**
 * Returns the desired state of a list of edges: the listed edges, with the options for the whole
 * list.
 */
export function desiredEdges(
  { state, exclusive, keep }: EdgesOptions,
  edges: DesiredEdges['edges'],
): DesiredEdges {
  return { edges, state, exclusive, keep: new Set(keep) };
}

type GivenState = MaybeInvalid<DesiredEdges['state']> | undefined;

/** Returns the problems of sudo options that do not fit together. */
export function sudoProblems(state: GivenState, desired: MaybeInvalid<DesiredSudo>): Problem[] {
  if (desired === INVALID) return [];
  const { sudo, sudo_without_password } = desired;
  if (state === 'absent') {
    return [
      ...(sudo === undefined ? [] : ['sudo']),
      ...(sudo_without_password === undefined ? [] : ['sudo_without_password']),
    ].map((option) => ({ option, message: 'cannot be used with state: absent' }));
  }
  const isSudo = sudo === true || sudo === INVALID;
  if (sudo_without_password !== true || isSudo) return [];
  return [{ option: 'sudo_without_password', message: 'can be true only with sudo: true' }];
}

/** Returns the problems of sudo options that do not fit together, for each item of a list. */
export function sudoProblemsOfItems(
  option: string,
  state: GivenState,
  items: MaybeInvalid<readonly DesiredSudo[]> | undefined,
): Problem[] {
  if (items === undefined || items === INVALID) return [];
  return items.flatMap((desired, i) =>
    sudoProblems(state, desired).map((problem) => ({
      option,
      message: `item ${i + 1}: ${problem.option}: ${problem.message}`,
    })),
  );
}
