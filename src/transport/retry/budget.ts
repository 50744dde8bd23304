import { monotonicMs } from '../../base/monotonic-clock.ts';

/**
 * The time that a run may spend on requests to JumpCloud, in milliseconds. The budget starts with
 * the first lookup or request. The waiting time of the option `settle` does not count.
 */
export class Budget {
  #totalMs: number;
  #start: number | undefined;

  constructor(totalMs: number) {
    this.#totalMs = totalMs;
  }

  /** Returns the remaining time; negative once the budget is exceeded. */
  remainingMs(): number {
    this.#start ??= monotonicMs();
    return this.#start + this.#totalMs - monotonicMs();
  }

  /** Extends the budget by time that was not spent on requests. */
  extend(ms: number): void {
    this.#totalMs += ms;
  }
}
