import { pause } from './pause.ts';

/** The part of a run that polling needs. */
interface PollingRun {
  readonly signal: AbortSignal;
  readonly report: { showWait(what: string, forMs: number): () => void };
}

/** The options of a poll. Times are in milliseconds. */
export interface PollOptions {
  /** Completes the progress line "Waiting …", for example "for the agent to stop". */
  readonly what: string;
  /** Returns the delay before the next read. Called once per delay. */
  readonly delayMs: () => number;
  /** Returns the remaining time. Polling stops when no time remains. */
  readonly leftMs: () => number;
}

/**
 * Calls `read` until it returns a value, and returns that value; undefined after a timeout. Rejects
 * with the error of `read`, or with the abort reason of the run's signal.
 */
export async function pollUntil<T>(
  run: PollingRun,
  read: () => T | undefined | Promise<T | undefined>,
  { what, delayMs, leftMs }: PollOptions,
): Promise<T | undefined> {
  let endProgress: (() => void) | undefined;
  try {
    for (;;) {
      const value = await read();
      if (value !== undefined) return value;
      const left = leftMs();
      if (left <= 0) return undefined;
      endProgress ??= run.report.showWait(what, left);
      await pause(Math.min(delayMs(), left), run.signal);
    }
  } finally {
    endProgress?.();
  }
}
