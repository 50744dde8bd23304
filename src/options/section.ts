import type { Problem } from '../base/errors.ts';
import { toMapping } from './collections.ts';
import { type Flaw, InvalidValue } from './invalid-value.ts';
import { nearest } from './nearest.ts';
import type { Option, OptionTable, OptionValues, ReadableValues } from './option.ts';
import { quoteKey } from './quote.ts';
import { readValues } from './read-options.ts';

/**
 * A mapping with options of its own. What is wrong with them is reported under their path,
 * `system.display_name`.
 */
export function section<T extends OptionTable>(
  table: T,
  rules: (readable: ReadableValues<T>) => Problem[] = () => [],
): Option<OptionValues<T> | undefined> {
  return {
    type: 'dict',
    suboptions: table,
    async read(value, call) {
      const flaws: Flaw[] = [];
      const problem = (option: string, message: string) =>
        flaws.push({ path: option === '' ? [] : option.split('.'), message });
      const given = toMapping(value);
      for (const name of Object.keys(given).filter((one) => !Object.hasOwn(table, one))) {
        problem(quoteKey(name), unknownOption(name, Object.keys(table)));
      }
      const { values, readable, problems } = await readValues(table, {
        ...call,
        given: new Map(Object.entries(given)),
      });
      for (const { option, message } of [...problems, ...rules(readable)]) problem(option, message);
      if (flaws.length > 0 || values === undefined) throw new InvalidValue(flaws, readable);
      return values;
    },
  };
}

function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `is no option here, known are ${[...known].sort().join(', ')}${hint}`;
}
