import type { Run } from '../../run.ts';

/** Something taken out of JumpCloud: the system itself, or one of its edges. */
export interface Removed {
  readonly type: string;
  readonly id: string;
}

/** What a removal takes out of JumpCloud: the record, or all associations, or nothing any more. */
export interface Target<Found> {
  read(): Promise<Found>;
  /** What of it is to go. */
  present(found: Found): readonly Removed[];
  /**
   * Takes it out, telling after each step what is gone, and finishes what an earlier removal left.
   * Resolves to what this run has removed.
   */
  remove(
    run: Run,
    found: Found,
    tell: (removed: readonly Removed[]) => void,
  ): Promise<readonly Removed[]>;
}
