import { coerceWith } from './coerce-with.ts';
import { coerceList, coerceMapping } from './coercions.ts';
import { asInvalid, InvalidValue, type ValidationIssue } from './invalid-value.ts';

/** Reads a list. Its items are not checked. */
const toList = coerceWith('a list, or text with commas between the items', coerceList);

/** Reads a mapping. Its values are not checked. */
export const toMapping = coerceWith('a mapping, or JSON text of one', coerceMapping);

/** Returns a reader for a list that reads each item, and reports the issues of all items. */
export function toListOf<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  return (value) => {
    const issues: ValidationIssue[] = [];
    const items: T[] = [];
    const rawItems = toList(value);
    const partial = rawItems.map((rawItem, index) => {
      try {
        const item = toItem(rawItem);
        items.push(item);
        return item;
      } catch (error) {
        const invalid = asInvalid(error);
        issues.push(...invalid.issues.map((issue) => ({ ...issue, path: [index, ...issue.path] })));
        return invalid.partial;
      }
    });
    if (items.length < rawItems.length) throw new InvalidValue(issues, partial);
    return items;
  };
}

/** Returns a reader for a list without duplicates. */
export function toUniqueListOf<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  const toItems = toListOf(toItem);
  return (value) => [...new Set(toItems(value))];
}
