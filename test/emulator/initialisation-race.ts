import type { Store } from './store.ts';
import type { SystemRecord } from './types.ts';

/** A write of the agent's first initialisation that overwrites an earlier write of someone else. */
export interface InitialisationRace {
  readonly afterMs: number;
  readonly fields: Partial<SystemRecord>;
  /** The number of writes that are overwritten. The default is 1. */
  readonly times?: number;
}

/** The races of agents that have not finished their first initialisation. */
export class InitialisationRaces {
  readonly #store: Store;
  readonly #races = new Map<string, InitialisationRace & { left: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  add(systemId: string, race: InitialisationRace): void {
    this.#races.set(systemId, { ...race, left: race.times ?? 1 });
  }

  /** Starts the race. Must be called after a system's record was written. */
  start(systemId: string): void {
    const race = this.#races.get(systemId);
    if (race === undefined || race.left === 0) return;
    race.left--;
    const overwrite = () =>
      Object.assign(this.#store.systems.get(systemId)?.record ?? {}, race.fields);
    setTimeout(overwrite, race.afterMs).unref();
  }
}
