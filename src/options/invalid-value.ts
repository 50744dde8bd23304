/** Stands for a value that cannot be read; what is wrong with it is a problem of the call. */
export const INVALID = Symbol('invalid');

type Invalid = typeof INVALID;

/** A value as far as it can be read: any part of it may be `INVALID`. Compare with `===`. */
export type PartialValue<V> =
  | Invalid
  | (V extends readonly (infer Item)[]
      ? readonly PartialValue<Item>[]
      : V extends object
        ? { readonly [K in keyof V]: PartialValue<V[K]> }
        : V);

/** What is wrong with one place in a value, and what is accepted there. */
export interface ValidationIssue {
  /** Where in the value: names, and places in lists counted from zero; none for all of it. */
  readonly path: readonly (string | number)[];
  /** Follows the option's name and a colon. */
  readonly message: string;
  /** A sentence without its full stop that helps with others of the kind, too. */
  readonly advice?: string;
}

/** A value that cannot be read whole, and everything that is wrong with it. */
export class InvalidValue extends Error {
  readonly issues: readonly ValidationIssue[];
  /** The value as far as it can be read. */
  readonly partial: unknown;

  /** Without issues, the reason is a problem that is reported elsewhere. */
  constructor(wrong: string | readonly ValidationIssue[], partial: unknown = INVALID) {
    const issues = typeof wrong === 'string' ? [{ path: [], message: wrong }] : wrong;
    super(issues.map(({ message }) => message).join('; '));
    this.issues = issues;
    this.partial = partial;
  }
}

/** Returns the error of a value that cannot be read; throws any other again. */
export function asInvalid(error: unknown): InvalidValue {
  if (error instanceof InvalidValue) return error;
  throw error;
}
