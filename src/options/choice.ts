import { coerceWith } from './coerce-with.ts';
import { coerceText } from './coercions.ts';
import { toDistinct } from './collections.ts';
import type { Option } from './option.ts';

/** One of the accepted words. */
export function toChoice<T extends string>(choices: readonly T[]): (value: unknown) => T {
  return coerceWith(`one of ${choices.join(', ')}`, (value) => {
    const given = coerceText(value);
    return choices.find((choice) => choice === given);
  });
}

/** One of some words. */
export function choice<const T extends string>(...choices: T[]): Option<T | undefined> {
  return { type: 'str', choices, read: toChoice(choices) };
}

/** Words out of some, each once. */
export function choices<const T extends string>(...accepted: T[]): Option<T[] | undefined> {
  const read = toDistinct(toChoice(accepted));
  return { type: 'list', elements: 'str', choices: accepted, read };
}
