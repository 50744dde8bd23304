import { expecting } from './expecting.ts';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { readNumber } from './spellings.ts';

const toFiniteNumber = expecting('a number of seconds', (value) => {
  const number = readNumber(value);
  return Number.isFinite(number) ? number : undefined;
});

/** Seconds, with fractions; zero is allowed unless `aboveZero`. */
export function seconds(aboveZero?: 'above zero'): Option<number | undefined> {
  return {
    type: 'float',
    read(value) {
      const given = toFiniteNumber(value);
      if (aboveZero && given <= 0) throw new InvalidValue(`must be above zero, got ${given}`);
      if (given < 0) throw new InvalidValue(`must not be negative, got ${given}`);
      return given;
    },
  };
}
