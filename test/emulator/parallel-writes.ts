import { setTimeout as sleep } from 'node:timers/promises';
import { graphAnswer } from './answer-graph-write.ts';
import type { Store } from './store.ts';
import type { HttpAnswer } from './types.ts';

/** The number of edges that the modules write in parallel. */
const MAX_PARALLEL_WRITES = 5;
/** The duration of a write in milliseconds, during which other writes can arrive. */
const DURATION_MS = 200;

/** Answers parallel writes of edges as the emulated behaviour says. */
export class ParallelWrites {
  readonly #store: Store;
  readonly #underWay = new Map<string, { active: number; started: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Carries out a write. Depending on the behaviour, refuses or loses the last of five parallel
   * writes.
   */
  async answer(systemId: string, carryOut: () => HttpAnswer): Promise<HttpAnswer> {
    const { refused, status, lost } = this.#store.behaviour.parallel_writes;
    if (refused + lost === 0) return carryOut();
    const burst = this.#underWay.get(systemId) ?? { active: 0, started: 0 };
    this.#underWay.set(systemId, burst);
    const position = burst.started++;
    burst.active++;
    await sleep(DURATION_MS);
    burst.active--;
    if (burst.active === 0) this.#underWay.delete(systemId);
    if (position < MAX_PARALLEL_WRITES - refused - lost) return carryOut();
    return graphAnswer(position < MAX_PARALLEL_WRITES - lost ? status : 204);
  }
}

/** Returns whether a request writes an edge of a system. */
export function isGraphWrite(method: string, url: string): boolean {
  return method === 'POST' && /^\/api\/v2\/\w+\/\w+\/(members|associations)$/.test(url);
}
