import { NotApplied } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import { countOf } from '../../base/printable.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';

/** Between two looks, in milliseconds: the longer it has to hold, the less often. */
const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 5000;

/** What has to hold, and how to look at it and write it. */
export interface SettleOptions<State> {
  /** How long it has to hold, in seconds. */
  readonly seconds: number;
  readonly read: () => Promise<State>;
  /** The options that the state does not agree with. */
  readonly drift: (state: State) => readonly string[];
  /** Writes again what a state has lost, and how often that has been by then. */
  readonly write: (state: State, reapplied: number) => Promise<unknown>;
}

/**
 * Outlasts an agent that is still initialising and may overwrite what was written: keeps reading
 * until agreement has held for the asked time, and writes again what was overwritten.
 * @throws NotApplied when it has not held after three times that time
 */
export async function settle<State>(
  run: Run,
  { identity, budget }: HostSession,
  { seconds, read, drift, write }: SettleOptions<State>,
  first: State,
): Promise<{ state: State; reapplied: number }> {
  const heldMs = seconds * 1000;
  const start = monotonicMs();
  let next: (() => Promise<State>) | undefined;
  let agreedSince = start;
  let reapplied = 0;

  const look = async (): Promise<State | undefined> => {
    const state = next === undefined ? first : await next();
    next = read;
    const lost = drift(state);
    const now = monotonicMs();
    if (lost.length === 0 && now - agreedSince >= heldMs) return state;
    if (now - start >= 3 * heldMs) {
      throw new NotApplied(
        `The settings of system ${identity.systemId} did not hold for ${seconds} s: written again ${countOf(reapplied, 'time')} in ${3 * seconds} s, something (the agent's first initialisation, another tool, an administrator) keeps changing them. Find out what does, or raise settle.`,
        { details: { reapplied, options: lost } },
      );
    }
    if (lost.length > 0) {
      await write(state, ++reapplied);
      agreedSince = monotonicMs();
    }
    return undefined;
  };
  const toHoldMs = () => agreedSince + heldMs - monotonicMs();
  const delayMs = () => {
    const ms = Math.min(toHoldMs(), MAX_DELAY_MS, Math.max(MIN_DELAY_MS, heldMs / 30));
    // Time that is spent on purpose.
    budget.extend(Math.max(ms, 0));
    return ms;
  };
  const state = await pollUntil(run, look, {
    what: 'for the settings to hold',
    delayMs,
    // The look says when it is over.
    leftMs: () => Math.max(toHoldMs(), 1),
  });
  return { state: state ?? first, reapplied };
}
