import * as z from 'zod/mini';
import type { Problem } from '../errors.ts';
import { toMapping } from './collections.ts';
import { shorten } from './describe.ts';
import { InvalidValue } from './invalid-value.ts';
import { nearest } from './nearest.ts';
import type { Option, OptionTable, OptionValues, Reading } from './option.ts';
import { readValues } from './read-options.ts';

/**
 * A mapping with options of its own. What is wrong with them is told under their path,
 * `system.display_name`.
 */
export function section<T extends OptionTable>(
  table: T,
  rules: (values: OptionValues<T>) => Problem[] = () => [],
): Option<OptionValues<T> | undefined> {
  const schema = (call: Reading) =>
    z.pipe(
      z.unknown(),
      z.transform((value, context): OptionValues<T> => {
        const problem = (option: string, message: string) =>
          context.issues.push({
            code: 'custom',
            message,
            input: value,
            ...(option !== '' && { path: option.split('.') }),
          });
        let given: Record<string, unknown>;
        try {
          given = toMapping(value);
        } catch (error) {
          if (!(error instanceof InvalidValue)) throw error;
          problem('', error.message);
          return z.NEVER;
        }
        for (const name of Object.keys(given).filter((one) => !Object.hasOwn(table, one))) {
          problem(shorten(name), unknownOption(name, Object.keys(table)));
        }
        const { values, problems } = readValues(table, {
          ...call,
          given: new Map(Object.entries(given)),
        });
        for (const { option, message } of problems) problem(option, message);
        if (problems.length === 0) {
          for (const { option, message } of rules(values)) problem(option, message);
        }
        return values;
      }),
    );
  return { type: 'dict', suboptions: table, schema };
}

function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `is no option here, known are ${[...known].sort().join(', ')}${hint}`;
}
