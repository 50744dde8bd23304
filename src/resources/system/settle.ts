import { NotApplied } from '../../base/errors.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import { pollUntil } from '../../base/poll-until.ts';
import { formatCount } from '../../base/printable.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';

/**
 * The shortest and the longest delay between two reads, in milliseconds. Within these limits, the
 * delay is a thirtieth of the time that the state has to hold.
 */
const MIN_DELAY_MS = 1000;
const MAX_DELAY_MS = 5000;

/** The time that a state has to hold, and the functions that read, compare and write the state. */
export interface SettleOptions<State> {
  /** The time that the state has to hold without a change, in seconds. */
  readonly seconds: number;
  readonly read: () => Promise<State>;
  /** Returns the options whose observed value differs from the desired one. */
  readonly drift: (state: State) => readonly string[];
  /**
   * Writes overwritten options again. `reapplied` is the number of such writes, including this one.
   */
  readonly write: (state: State, reapplied: number) => Promise<unknown>;
}

/**
 * Polls until the state has been as desired for `seconds` seconds. Writes overwritten options
 * again, because an agent that is still initialising may overwrite them.
 * @throws NotApplied if this takes longer than three times `seconds`
 */
export async function awaitSettledState<State>(
  run: Run,
  { identity, budget }: HostSession,
  { seconds, read, drift, write }: SettleOptions<State>,
  initial: State,
): Promise<{ state: State; reapplied: number }> {
  const holdMs = seconds * 1000;
  const start = monotonicMs();
  let readNext: (() => Promise<State>) | undefined;
  let agreedSince = start;
  let reapplied = 0;

  const poll = async (): Promise<State | undefined> => {
    const state = readNext === undefined ? initial : await readNext();
    readNext = read;
    const drifted = drift(state);
    const now = monotonicMs();
    if (drifted.length === 0 && now - agreedSince >= holdMs) return state;
    if (now - start >= 3 * holdMs) {
      throw new NotApplied(
        [
          `The settings of system ${identity.systemId} did not hold for ${seconds} s, although they were written again ${formatCount(reapplied, 'time')} in ${3 * seconds} s. Something keeps changing them: the agent's first initialisation, another tool or an administrator.`,
          'Find out what changes the settings, or raise the option settle.',
        ],
        { details: { reapplied, options: drifted } },
      );
    }
    if (drifted.length > 0) {
      await write(state, ++reapplied);
      agreedSince = monotonicMs();
    }
    return undefined;
  };
  const remainingMs = () => agreedSince + holdMs - monotonicMs();
  const delayMs = () => {
    const ms = Math.min(remainingMs(), MAX_DELAY_MS, Math.max(MIN_DELAY_MS, holdMs / 30));
    // Extends the budget by the delay, because the user asked for this wait.
    budget.extend(Math.max(ms, 0));
    return ms;
  };
  const state = await pollUntil(run, poll, {
    what: 'for the settings to hold',
    delayMs,
    // Always positive, so that `pollUntil` does not end the wait. `poll` ends it, with a result or
    // an error.
    leftMs: () => Math.max(remainingMs(), 1),
  });
  return { state: state ?? initial, reapplied };
}
