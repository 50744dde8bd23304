import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { type KindResolver, objects } from '../../options/id.ts';
import { INVALID, type PartialValue } from '../../options/invalid-value.ts';
import { type PartialValues, withDefault } from '../../options/option.ts';
import { boolean } from '../../options/scalars.ts';
import type { DesiredEdges, DesiredSudo } from './plan-edges.ts';

/** The options of every module that keeps a set of edges to objects of a kind. */
export function edgesOptions(kind: KindResolver) {
  return {
    state: withDefault(choice('present', 'absent'), 'present'),
    exclusive: withDefault(boolean(), false),
    keep: objects(kind),
  };
}

/** What was asked of a set of edges as a whole. */
export interface EdgesOptions {
  readonly state: DesiredEdges['state'];
  readonly exclusive: boolean;
  readonly keep: readonly string[] | undefined;
}

/** What these options must not say together. */
export function edgesRules({
  state,
  exclusive,
  keep,
}: PartialValues<ReturnType<typeof edgesOptions>>): Problem[] {
  return [
    ...(state === 'absent' && exclusive === true
      ? [{ option: 'exclusive', message: 'cannot be used with state: absent' }]
      : []),
    ...(keep !== undefined && exclusive === false
      ? [{ option: 'keep', message: 'needs exclusive: true; without it nothing else is removed' }]
      : []),
  ];
}

/** The wish that these options and a list of edges make. */
export function desiredEdges(
  { state, exclusive, keep }: EdgesOptions,
  edges: DesiredEdges['edges'],
): DesiredEdges {
  return { edges, state, exclusive, keep: new Set(keep) };
}

type PartialState = PartialValue<DesiredEdges['state']> | undefined;

/** What a wish about sudo must not say. */
export function sudoRules(state: PartialState, desired: PartialValue<DesiredSudo>): Problem[] {
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
  return [{ option: 'sudo_without_password', message: 'true needs sudo: true beside it' }];
}

/** The same of each item of a list. */
export function sudoRulesOf(
  option: string,
  state: PartialState,
  allDesired: PartialValue<readonly DesiredSudo[]> | undefined,
): Problem[] {
  if (allDesired === undefined || allDesired === INVALID) return [];
  return allDesired.flatMap((desired, i) =>
    sudoRules(state, desired).map((problem) => ({
      option,
      message: `item ${i + 1}: ${problem.option}: ${problem.message}`,
    })),
  );
}
