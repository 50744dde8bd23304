import * as z from 'zod/mini';
import { toList, unique } from './collections.ts';
import type { Option } from './option.ts';
import { expecting, reader } from './reader.ts';
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
  return { type: 'str', choices, schema: () => reader(toChoice(choices)) };
}

/** Words out of some, each once. */
export function choices<const T extends string>(...accepted: T[]): Option<T[] | undefined> {
  const items = z.array(reader(toChoice(accepted)));
  const schema = z.pipe(reader(toList), z.pipe(items, z.transform(unique<T>)));
  return { type: 'list', elements: 'str', choices: accepted, schema: () => schema };
}
