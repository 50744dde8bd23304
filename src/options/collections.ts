import { coerceWith } from './coerce-with.ts';
import { coerceList, coerceMapping } from './coercions.ts';
import { InvalidValue, requireInvalidValue, type ValidationIssue } from './invalid-value.ts';

/** Reads a list without checking its items. */
const toList = coerceWith('a list, or text with commas between the items', coerceList);

/** Reads a mapping without checking its values. */
export const toMapping = coerceWith('a mapping, or a mapping as JSON text', coerceMapping);

/** Returns a function that reads each item of a list, and reports the issues of all items. */
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
        const invalid = requireInvalidValue(error);
        issues.push(...invalid.issues.map((issue) => ({ ...issue, path: [index, ...issue.path] })));
        return invalid.partial;
      }
    });
    if (items.length < rawItems.length) throw new InvalidValue(issues, partial);
    return items;
  };
}

/** Returns a function that reads a list and removes duplicates. */
export function toUniqueListOf<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  const toItems = toListOf(toItem);
  return (value) => [...new Set(toItems(value))];
}
