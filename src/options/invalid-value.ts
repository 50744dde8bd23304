/** Takes the place of an invalid value, whose issues are reported as problems of the call. */
export const INVALID = Symbol('invalid');

type Invalid = typeof INVALID;

/** A value of which any part may be `INVALID`. Compare with `===`. */
export type PartialValue<V> =
  | Invalid
  | (V extends readonly (infer Item)[]
      ? readonly PartialValue<Item>[]
      : V extends object
        ? { readonly [K in keyof V]: PartialValue<V[K]> }
        : V);

/** An error at one place in a value, and what is accepted there. */
export interface ValidationIssue {
  /** The keys and zero-based list indexes that lead to the place; empty for the whole value. */
  readonly path: readonly (string | number)[];
  /** Printed after the option's name and a colon. */
  readonly message: string;
  /** A sentence without its full stop. Printed once for all issues that share it. */
  readonly advice?: string;
}

/** A value, or part of it, is invalid. Carries every issue. */
export class InvalidValue extends Error {
  readonly issues: readonly ValidationIssue[];
  /** The value with `INVALID` in the place of its invalid parts. */
  readonly partial: unknown;

  /** An empty list of issues means that the cause is reported elsewhere. */
  constructor(reason: string | readonly ValidationIssue[], partial: unknown = INVALID) {
    const issues = typeof reason === 'string' ? [{ path: [], message: reason }] : reason;
    super(issues.map(({ message }) => message).join('; '));
    this.issues = issues;
    this.partial = partial;
  }
}

/** Returns an error if it is an `InvalidValue`; rethrows any other error. */
export function asInvalid(error: unknown): InvalidValue {
  if (error instanceof InvalidValue) return error;
  throw error;
}
