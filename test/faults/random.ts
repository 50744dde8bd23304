import { seededRandom } from '../emulator/seeded-random.ts';

/** Makes random choices. The same seed gives the same choices. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** Returns true with the given probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** Returns an integer that is at least 0 and less than `end`. */
  integerBelow(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** Returns one of the choices. */
  pick<T>(...choices: readonly T[]): T {
    return choices[this.integerBelow(choices.length)] as T;
  }

  /** Returns up to `max` items of a list, in random order. */
  pickSome<T>(list: readonly T[], max: number): T[] {
    const count = this.integerBelow(max + 1);
    const shuffled = list.map((item) => ({ item, sortKey: this.#next() }));
    shuffled.sort((a, b) => a.sortKey - b.sortKey);
    return shuffled.slice(0, count).map(({ item }) => item);
  }
}
