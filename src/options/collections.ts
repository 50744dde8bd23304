import { expecting } from './expecting.ts';
import { asInvalid, type Flaw, InvalidValue } from './invalid-value.ts';
import { readList, readMapping } from './spellings.ts';

/** A list, of items not looked at yet. */
const toList = expecting('a list, or text with commas between the items', readList);

/** A mapping, of values not looked at yet. */
export const toMapping = expecting('a mapping, or JSON text of one', readMapping);

/** Returns a list of what each item is read as; reports everything that is wrong with any of them. */
export function toListOf<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  return (value) => {
    const flaws: Flaw[] = [];
    const items: T[] = [];
    const given = toList(value);
    const readable = given.map((item, place) => {
      try {
        const read = toItem(item);
        items.push(read);
        return read;
      } catch (error) {
        const invalid = asInvalid(error);
        flaws.push(...invalid.flaws.map((flaw) => ({ ...flaw, path: [place, ...flaw.path] })));
        return invalid.readable;
      }
    });
    if (items.length < given.length) throw new InvalidValue(flaws, readable);
    return items;
  };
}

/** The same, where what is given twice counts once. */
export function toDistinct<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  const toItems = toListOf(toItem);
  return (value) => [...new Set(toItems(value))];
}
