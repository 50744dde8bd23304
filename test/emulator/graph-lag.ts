import type { Store } from './store.ts';

/** For a while after a system wrote to its graph, it reads what was there before. */
export class GraphLag {
  readonly #store: Store;
  readonly #ms: number;
  readonly #lagging = new Map<string, { readonly until: number; readonly before: Store }>();

  constructor(store: Store, ms: number) {
    this.#store = store;
    this.#ms = ms;
  }

  /** The organisation as reads of a system's graph show it. */
  observed(systemId: string): Store {
    const lag = this.#lagging.get(systemId);
    return lag !== undefined && lag.until > Date.now() ? lag.before : this.#store;
  }

  /** To be called before a system writes. */
  start(systemId: string): void {
    if (this.#ms === 0) return;
    const seen = this.observed(systemId);
    const before = seen === this.#store ? seen.copy() : seen;
    this.#lagging.set(systemId, { until: Date.now() + this.#ms, before });
  }
}
