import type { Behaviour } from './behaviour.ts';
import type { Caller } from './caller.ts';

/** A cell of the table: a caller, and a behaviour that it must observe. */
export interface Cell {
  readonly caller: Caller;
  readonly behaviour: Behaviour;
}

/** Returns the whole table: every caller with every behaviour that it supports. */
export function everyCell(callers: readonly Caller[], behaviours: readonly Behaviour[]): Cell[] {
  return callers.flatMap((caller) =>
    behaviours.map((behaviour) => ({ caller, behaviour })).filter(isSupported),
  );
}

/**
 * Returns a part of the table that covers every caller and every behaviour. Each caller has one
 * behaviour that waits and one that does not, because modules show progress only while they wait.
 */
export function coveringCells(
  callers: readonly Caller[],
  behaviours: readonly Behaviour[],
): Cell[] {
  const waiting = behaviours.filter(({ waits }) => waits);
  const prompt = behaviours.filter(({ waits }) => !waits);
  return [waiting, prompt].flatMap((some) => diagonal(callers, some));
}

/**
 * Combines each caller with the next behaviour in turn. Then combines each behaviour that is left
 * with the first caller that supports it.
 */
function diagonal(callers: readonly Caller[], behaviours: readonly Behaviour[]): Cell[] {
  const taken = callers.flatMap((caller, i) => {
    const rotated = behaviours.map((_, j) => behaviours[(i + j) % behaviours.length] as Behaviour);
    return everyCell([caller], rotated).slice(0, 1);
  });
  const left = behaviours.filter((row) => taken.every(({ behaviour }) => behaviour !== row));
  return [...taken, ...left.flatMap((row) => everyCell(callers, [row]).slice(0, 1))];
}

function isSupported({ caller, behaviour }: Cell): boolean {
  return !(caller.lacksCheckMode && behaviour.check);
}
