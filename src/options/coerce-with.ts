import { describeValue } from './describe-value.ts';
import { InvalidValue } from './invalid-value.ts';

/** Reads a value by one of Ansible's spellings, and says what was accepted when it is none. */
export function coerceWith<T>(accepted: string, spelling: (value: unknown) => T | undefined) {
  return (value: unknown): T => {
    const read = spelling(value);
    if (read === undefined) {
      throw new InvalidValue(`expected ${accepted}, got ${describeValue(value)}`);
    }
    return read;
  };
}
