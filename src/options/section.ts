import type { Problem } from '../base/errors.ts';
import { toMapping } from './collections.ts';
import { InvalidValue, type ValidationIssue } from './invalid-value.ts';
import { nearestNames } from './nearest-name.ts';
import type { Option, OptionTable, OptionValues, PartialValues } from './option.ts';
import { readValues } from './read-options.ts';
import { keyForMessage } from './text-for-messages.ts';

/**
 * Defines an option that takes a mapping of suboptions. Reports their problems with a path, such as
 * `system.display_name`.
 */
export function section<T extends OptionTable>(
  table: T,
  rules: (partial: PartialValues<T>) => Problem[] = () => [],
): Option<OptionValues<T> | undefined> {
  return {
    type: 'dict',
    suboptions: table,
    async read(value, context) {
      const mapping = toMapping(value);
      const unknown = Object.keys(mapping).filter((name) => !Object.hasOwn(table, name));
      const issues = unknownOptionIssues(unknown, Object.keys(table));
      const { values, partial, problems } = await readValues(table, {
        ...context,
        rawOptions: new Map(Object.entries(mapping)),
      });
      for (const { option, ...issue } of [...problems, ...rules(partial)]) {
        issues.push({ ...issue, path: option.split('.') });
      }
      if (issues.length > 0 || values === undefined) throw new InvalidValue(issues, partial);
      return values;
    },
  };
}

function unknownOptionIssues(
  unknown: readonly string[],
  known: readonly string[],
): ValidationIssue[] {
  const nearest = nearestNames(unknown, known);
  return unknown.map((name, i) => ({
    path: [keyForMessage(name)],
    message: `is not an option here${nearest[i] === undefined ? '' : `; did you mean ${nearest[i]}?`}`,
    advice: `Known options are ${[...known].sort().join(', ')}`,
  }));
}
