import { NotApplied } from '../errors.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pause } from '../pause.ts';
import type { Run } from '../run.ts';
import type { Session } from '../transport/session.ts';

/** Between two looks, in milliseconds: the longer it has to hold, the less often. */
const LEAST_MS = 1000;
const MOST_MS = 5000;

/** What has to hold, and how to look at it and write it. */
export interface Settling<State> {
  /** How long it has to hold, in seconds. */
  readonly seconds: number;
  readonly read: () => Promise<State>;
  /** The options that the state does not agree with. */
  readonly disagreeing: (state: State) => readonly string[];
  /** Writes again what was lost; resolves to the state after. */
  readonly write: (state: State) => Promise<State>;
}

/**
 * Outlasts an agent that is still initialising and may overwrite what was written: keeps reading
 * until agreement has held for the asked time, and writes again what was overwritten.
 * @throws NotApplied when it has not held after three times that time
 */
export async function settle<State>(
  work: { session: Session; run: Run },
  { seconds, read, disagreeing, write }: Settling<State>,
  first: State,
): Promise<{ state: State; reapplied: number }> {
  const heldMs = seconds * 1000;
  const start = monotonicMs();
  let state = first;
  let agreedSince = start;
  let reapplied = 0;
  const wait = () => work.run.waiting('for the settings to hold', heldMs);
  let done = wait();
  try {
    for (;;) {
      const lost = disagreeing(state);
      const now = monotonicMs();
      if (lost.length === 0 && now - agreedSince >= heldMs) return { state, reapplied };
      if (now - start >= 3 * heldMs) {
        throw new NotApplied(
          `The settings of system ${work.session.identity.systemId} did not hold for ${seconds} s: written again ${reapplied} times in ${3 * seconds} s, something (the agent's first initialisation, another tool, an administrator) keeps changing them. Find out what does, or raise settle.`,
          { reapplied, options: lost },
        );
      }
      if (lost.length > 0) {
        reapplied++;
        state = await write(state);
        agreedSince = monotonicMs();
        done();
        done = wait();
      }
      const left = agreedSince + heldMs - monotonicMs();
      const lookAgainMs = Math.min(left, MOST_MS, Math.max(LEAST_MS, heldMs / 30));
      await pause(lookAgainMs, work.run.signal);
      work.session.budget.extend(lookAgainMs);
      state = await read();
    }
  } finally {
    done();
  }
}
