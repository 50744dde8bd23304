import { ModuleError } from './errors.ts';

/** A signal ended the run. */
export class Interrupted extends ModuleError {
  readonly code = 'interrupted';
  /** True if the interrupted request may have taken effect. */
  readonly mayHaveTakenEffect: boolean = true;

  /**
   * Returns a copy with `mayHaveTakenEffect` set to false. Called when a signal interrupts the
   * pause before a retry, and no earlier attempt can have taken effect.
   */
  withoutEffect(): this {
    const copy = Object.create(this);
    Object.defineProperty(copy, 'mayHaveTakenEffect', { value: false });
    return copy;
  }
}

/** Returns whether a write that failed with an error may have taken effect. */
export function mayHaveTakenEffect(error: unknown): boolean {
  if (error instanceof Interrupted) return error.mayHaveTakenEffect;
  return !(error instanceof ModuleError) || error.inDoubt;
}

/**
 * Returns the error that ended the pause before a retry, with `inDoubt` set: whether an earlier
 * attempt of this request may have taken effect. The given error may come from another request, so
 * its own `inDoubt` says nothing about this one.
 */
export function withInDoubt(error: unknown, inDoubt: boolean): unknown {
  if (error instanceof Interrupted) return inDoubt ? error : error.withoutEffect();
  if (!(error instanceof ModuleError)) return error;
  return Object.create(error, { inDoubt: { value: inDoubt } });
}
