import { coerceWith } from './coerce-with.ts';
import { coerceNumber, mayHaveBeenRounded } from './coercions.ts';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';

const toNumber = coerceWith('a number of seconds', (value) =>
  mayHaveBeenRounded(value) ? undefined : coerceNumber(value),
);

/**
 * Defines an option that takes seconds, fractions included. Allows zero unless `aboveZero` is
 * given.
 */
export function seconds(aboveZero?: 'above zero'): Option<number | undefined> {
  return {
    type: 'float',
    read(value) {
      const number = toNumber(value);
      if (aboveZero && number <= 0) throw new InvalidValue(`must be above zero, got ${number}`);
      if (number < 0) throw new InvalidValue(`must not be negative, got ${number}`);
      if (number > Number.MAX_SAFE_INTEGER) throw new InvalidValue('must be below 2^53');
      return number;
    },
  };
}
