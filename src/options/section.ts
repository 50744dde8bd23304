import type { Problem } from '../base/errors.ts';
import { toMapping } from './collections.ts';
import { InvalidValue, type ValidationIssue } from './invalid-value.ts';
import { nearestName } from './nearest-name.ts';
import type { Option, OptionTable, OptionValues, ReadableValues } from './option.ts';
import { quoteKey } from './quote-name.ts';
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
      const given = toMapping(value);
      const unknown = Object.keys(given).filter((name) => !Object.hasOwn(table, name));
      const issues: ValidationIssue[] = unknown.map((name) =>
        unknownOption(name, Object.keys(table)),
      );
      const { values, readable, problems } = await readValues(table, {
        ...call,
        given: new Map(Object.entries(given)),
      });
      for (const { option, ...issue } of [...problems, ...rules(readable)]) {
        issues.push({ ...issue, path: option.split('.') });
      }
      if (issues.length > 0 || values === undefined) throw new InvalidValue(issues, readable);
      return values;
    },
  };
}

function unknownOption(name: string, known: readonly string[]): ValidationIssue {
  const meant = nearestName(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return {
    path: [quoteKey(name)],
    message: `is no option here${hint}`,
    advice: `Known are ${[...known].sort().join(', ')}`,
  };
}
