import { toDistinct } from './collections.ts';
import { expecting } from './expecting.ts';
import type { Option } from './option.ts';
import { readText } from './spellings.ts';

/** One of the accepted words. */
export function toChoice<T extends string>(choices: readonly T[]): (value: unknown) => T {
  return expecting(`one of ${choices.join(', ')}`, (value) => {
    const given = readText(value);
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
