import { coerceWith } from './coerce-with.ts';
import { coerceNumber, mayHaveBeenRounded } from './coercions.ts';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';

const toInteger = coerceWith('a whole number', (value) => {
  const number = mayHaveBeenRounded(value) ? undefined : coerceNumber(value);
  return Number.isSafeInteger(number) ? number : undefined;
});

/** Defines an option that takes a whole number in a range. */
export function integer(
  from: number,
  to: number = Number.MAX_SAFE_INTEGER,
): Option<number | undefined> {
  return {
    type: 'int',
    read(value) {
      const number = toInteger(value);
      if (number < from) throw new InvalidValue(`must be at least ${from}, got ${number}`);
      if (number > to) throw new InvalidValue(`must be at most ${to}, got ${number}`);
      return number;
    },
  };
}
