import { monotonicMs } from '../../base/monotonic-clock.ts';

/**
 * The time a run may spend on talking to JumpCloud, in milliseconds. It starts to run with the
 * first look-up or request; time that is spent on purpose (settling) is given back.
 */
export class Budget {
  #totalMs: number;
  #start: number | undefined;

  constructor(totalMs: number) {
    this.#totalMs = totalMs;
  }

  /** What is left, and negative once it is overdrawn. */
  remaining(): number {
    this.#start ??= monotonicMs();
    return this.#start + this.#totalMs - monotonicMs();
  }

  /** Gives back time that was not spent on talking. */
  extend(ms: number): void {
    this.#totalMs += ms;
  }
}
