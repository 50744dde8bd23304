import { coerceWith } from './coerce-with.ts';
import { coerceNumber, isRounded } from './coercions.ts';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';

const toNumber = coerceWith('a number of seconds', (value) =>
  isRounded(value) ? undefined : coerceNumber(value),
);

/** Seconds, with fractions; zero is allowed unless `aboveZero`. */
export function seconds(aboveZero?: 'above zero'): Option<number | undefined> {
  return {
    type: 'float',
    read(value) {
      const given = toNumber(value);
      if (aboveZero && given <= 0) throw new InvalidValue(`must be above zero, got ${given}`);
      if (given < 0) throw new InvalidValue(`must not be negative, got ${given}`);
      if (given > Number.MAX_SAFE_INTEGER) throw new InvalidValue('must be below 2^53');
      return given;
    },
  };
}
