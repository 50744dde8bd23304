import { describeValue } from './describe-value.ts';
import { InvalidValue } from './invalid-value.ts';

/** Returns a function that coerces a value, or throws an error that names the accepted values. */
export function coerceWith<T>(accepted: string, coerce: (value: unknown) => T | undefined) {
  return (value: unknown): T => {
    const coerced = coerce(value);
    if (coerced === undefined) {
      throw new InvalidValue(`expected ${accepted}, got ${describeValue(value)}`);
    }
    return coerced;
  };
}
