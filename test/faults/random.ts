import { seededRandom } from '../emulator/seeded-random.ts';

/** Choices at random, the same ones for the same seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** True in such a share of cases, from 0 to 1. */
  chance(share: number): boolean {
    return this.#next() < share;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** One of several. */
  of<T>(...choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** At most so many of a list, in random order. */
  some<T>(list: readonly T[], most: number): T[] {
    const count = this.below(most + 1);
    const shuffled = list.map((item) => ({ item, place: this.#next() }));
    shuffled.sort((a, b) => a.place - b.place);
    return shuffled.slice(0, count).map(({ item }) => item);
  }
}
