/** What is wrong with one place in a value, and what is accepted there. */
export interface Flaw {
  /** Where in the value: names, and places in lists counted from zero; none for all of it. */
  readonly path: readonly (string | number)[];
  /** Follows the option's name and a colon. */
  readonly message: string;
}

/** A value that cannot be read, and everything that is wrong with it. */
export class InvalidValue extends Error {
  readonly flaws: readonly Flaw[];

  constructor(wrong: string | readonly Flaw[]) {
    const flaws = typeof wrong === 'string' ? [{ path: [], message: wrong }] : wrong;
    super(flaws.map(({ message }) => message).join('; '));
    this.flaws = flaws;
  }
}

/** What is wrong with a value whose reading failed; throws anew what is no InvalidValue. */
export function flawsOf(error: unknown): readonly Flaw[] {
  if (error instanceof InvalidValue) return error.flaws;
  throw error;
}
