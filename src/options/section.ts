import type { Problem } from '../base/errors.ts';
import { toMapping } from './collections.ts';
import { type Flaw, InvalidValue } from './invalid-value.ts';
import { nearest } from './nearest.ts';
import type { Option, OptionTable, OptionValues } from './option.ts';
import { quoteKey } from './quote.ts';
import { readValues } from './read-options.ts';

/**
 * A mapping with options of its own. What is wrong with them is told under their path,
 * `system.display_name`.
 */
export function section<T extends OptionTable>(
  table: T,
  rules: (values: OptionValues<T>) => Problem[] = () => [],
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
      const { values, problems } = await readValues(table, {
        ...call,
        given: new Map(Object.entries(given)),
      });
      for (const { option, message } of problems) problem(option, message);
      if (problems.length === 0) {
        for (const { option, message } of rules(values)) problem(option, message);
      }
      if (flaws.length > 0) throw new InvalidValue(flaws);
      return values;
    },
  };
}

function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `is no option here, known are ${[...known].sort().join(', ')}${hint}`;
}
