import { coerceWith } from './coerce-with.ts';
import { coerceText } from './coercions.ts';
import { toUniqueListOf } from './collections.ts';
import type { Option } from './option.ts';

/** Returns a function that reads one of the accepted words. */
export function toChoice<T extends string>(choices: readonly T[]): (value: unknown) => T {
  return coerceWith(`one of ${choices.join(', ')}`, (value) => {
    const text = coerceText(value);
    return choices.find((choice) => choice === text);
  });
}

/** Defines an option that takes one of the accepted words. */
export function choice<const T extends string>(...choices: T[]): Option<T | undefined> {
  return { type: 'str', choices, read: toChoice(choices) };
}

/** Defines an option that takes a list of the accepted words, without duplicates. */
export function choices<const T extends string>(...accepted: T[]): Option<T[] | undefined> {
  const read = toUniqueListOf(toChoice(accepted));
  return { type: 'list', elements: 'str', choices: accepted, read };
}
