import type { Behaviour } from './behaviour.ts';
import type { Store } from './store.ts';

/** Makes a system's reads of its graph stale for a while after each of its writes. */
export class GraphLag {
  readonly #store: Store;
  readonly #ms: () => number;
  readonly #lagging = new Map<string, { readonly until: number; readonly before: Store }>();

  constructor(store: Store, ms: () => number) {
    this.#store = store;
    this.#ms = ms;
  }

  /**
   * Returns the state of the organisation that a system can see: during a lag, an earlier state.
   */
  observed(systemId: string): Store {
    const lag = this.#lagging.get(systemId);
    return lag !== undefined && lag.until > Date.now() ? lag.before : this.#store;
  }

  /** Starts the lag. Must be called before the write. */
  start(systemId: string): void {
    const ms = this.#ms();
    if (ms === 0) return;
    const observed = this.observed(systemId);
    const before = observed === this.#store ? observed.copy() : observed;
    this.#lagging.set(systemId, { until: Date.now() + ms, before });
  }
}

/** Returns the longer of the lags of memberships and associations, in milliseconds. */
export function longestLagMs({ graph_lag: { membership_ms, association_ms } }: Behaviour): number {
  return Math.max(membership_ms, association_ms);
}
