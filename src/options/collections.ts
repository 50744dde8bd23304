import { expecting } from './reader.ts';
import { readList, readMapping } from './spellings.ts';

/** A list, of items not looked at yet. */
export const toList = expecting('a list, or text with commas between the items', readList);

/** A mapping, of values not looked at yet. */
export const toMapping = expecting('a mapping, or JSON text of one', readMapping);

/** What is given twice counts once. */
export function unique<T>(items: T[]): T[] {
  return [...new Set(items)];
}
