import type { Store } from './store.ts';
import type { SystemRecord } from './types.ts';

/**
 * A race in which the agent's first initialisation overwrites someone else's write of the record.
 */
export interface InitialisationRace {
  readonly afterMs: number;
  readonly fields: Partial<SystemRecord>;
  /** The number of writes that are overwritten. The default is 1. */
  readonly times?: number;
}

/** The initialisation races of an organisation's systems. */
export class InitialisationRaces {
  readonly #store: Store;
  readonly #races = new Map<string, InitialisationRace & { left: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  add(systemId: string, race: InitialisationRace): void {
    this.#races.set(systemId, { ...race, left: race.times ?? 1 });
  }

  /** Starts the race of a system, if it has one. Must be called after each write of its record. */
  start(systemId: string): void {
    const race = this.#races.get(systemId);
    if (race === undefined || race.left === 0) return;
    race.left--;
    const overwrite = () =>
      Object.assign(this.#store.systems.get(systemId)?.record ?? {}, race.fields);
    setTimeout(overwrite, race.afterMs).unref();
  }
}
