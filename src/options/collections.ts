import { coerceWith } from './coerce-with.ts';
import { coerceList, coerceMapping } from './coercions.ts';
import { asInvalid, InvalidValue, type ValidationIssue } from './invalid-value.ts';

/** A list, of items not looked at yet. */
const toList = coerceWith('a list, or text with commas between the items', coerceList);

/** A mapping, of values not looked at yet. */
export const toMapping = coerceWith('a mapping, or JSON text of one', coerceMapping);

/** Returns a list of what each item is read as; reports everything that is wrong with any of them. */
export function toListOf<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  return (value) => {
    const issues: ValidationIssue[] = [];
    const items: T[] = [];
    const given = toList(value);
    const readable = given.map((item, place) => {
      try {
        const read = toItem(item);
        items.push(read);
        return read;
      } catch (error) {
        const invalid = asInvalid(error);
        issues.push(...invalid.issues.map((issue) => ({ ...issue, path: [place, ...issue.path] })));
        return invalid.readable;
      }
    });
    if (items.length < given.length) throw new InvalidValue(issues, readable);
    return items;
  };
}

/** The same, where what is given twice counts once. */
export function toDistinct<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  const toItems = toListOf(toItem);
  return (value) => [...new Set(toItems(value))];
}
