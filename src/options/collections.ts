import { expecting } from './expecting.ts';
import { type Flaw, flawsOf, InvalidValue } from './invalid-value.ts';
import { readList, readMapping } from './spellings.ts';

/** A list, of items not looked at yet. */
const toList = expecting('a list, or text with commas between the items', readList);

/** A mapping, of values not looked at yet. */
export const toMapping = expecting('a mapping, or JSON text of one', readMapping);

/** A list of what each item is read as; everything that is wrong with any of them is told. */
export function toListOf<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  return (value) => {
    const flaws: Flaw[] = [];
    const items = toList(value).flatMap((item, place) => {
      try {
        return [toItem(item)];
      } catch (error) {
        flaws.push(...flawsOf(error).map((flaw) => ({ ...flaw, path: [place, ...flaw.path] })));
        return [];
      }
    });
    if (flaws.length > 0) throw new InvalidValue(flaws);
    return items;
  };
}

/** The same, where what is given twice counts once. */
export function toDistinct<T>(toItem: (value: unknown) => T): (value: unknown) => T[] {
  const toItems = toListOf(toItem);
  return (value) => [...new Set(toItems(value))];
}
