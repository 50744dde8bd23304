/** Stands for an invalid value. The value's issues are reported as problems of the call. */
export const INVALID = Symbol('invalid');

type Invalid = typeof INVALID;

/** A value of which any part may be `INVALID`. Test each part with `=== INVALID`. */
export type MaybeInvalid<V> =
  | Invalid
  | (V extends readonly (infer Item)[]
      ? readonly MaybeInvalid<Item>[]
      : V extends object
        ? { readonly [K in keyof V]: MaybeInvalid<V[K]> }
        : V);

/** An error at one place in a value. */
export interface ValidationIssue {
  /** The keys and zero-based list indexes that lead to the place; empty for the whole value. */
  readonly path: readonly (string | number)[];
  /** Printed after the option's name and a colon. */
  readonly message: string;
  /** A hint without a final full stop. A hint that several issues share is printed once. */
  readonly advice?: string;
}

/**
 * The error for a value that is invalid as a whole or in part. Contains all issues of the value.
 */
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

/** Returns an `InvalidValue` unchanged; rethrows any other error. */
export function requireInvalidValue(error: unknown): InvalidValue {
  if (error instanceof InvalidValue) return error;
  throw error;
}
