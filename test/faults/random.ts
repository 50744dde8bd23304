import { seededRandom } from '../emulator/seeded-random.ts';

/** Random choices. The same seed gives the same choices. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** Returns true with the given probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** Returns an integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** Returns one of the choices. */
  of<T>(...choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Returns from 0 to `max` items of a list, in random order. */
  some<T>(list: readonly T[], max: number): T[] {
    const count = this.below(max + 1);
    const shuffled = list.map((item) => ({ item, place: this.#next() }));
    shuffled.sort((a, b) => a.place - b.place);
    return shuffled.slice(0, count).map(({ item }) => item);
  }
}
