import * as z from 'zod/mini';
import { describe } from './describe.ts';
import { InvalidValue } from './invalid-value.ts';

/** A schema of one step: reads a value, or throws an InvalidValue. */
export function reader<T, I = unknown>(read: (value: I) => T): z.ZodMiniType<T, I> {
  return z.transform((value: I, context) => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });
}

/** Reads a value by one of Ansible's spellings, and says what was accepted when it is none. */
export function expecting<T>(accepted: string, spelling: (value: unknown) => T | undefined) {
  return (value: unknown): T => {
    const read = spelling(value);
    if (read === undefined) {
      throw new InvalidValue(`expected ${accepted}, got ${describe(value)}`);
    }
    return read;
  };
}
