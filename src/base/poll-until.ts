import { pause } from './pause.ts';

/** The part of a run that a wait needs. */
interface PollingRun {
  readonly signal: AbortSignal;
  readonly report: { showWait(what: string, forMs: number): () => void };
}

/** How to wait for something. Times in milliseconds. */
export interface PollOptions {
  /** What is waited for, as in "Waiting for …". */
  readonly what: string;
  /** How long to wait before the next look; asked once for each. */
  readonly delayMs: () => number;
  /** How long it may still take; nothing is waited for any more when that is not above zero. */
  readonly leftMs: () => number;
}

/**
 * Looks again and again until there is something to see, and gives that; undefined when there was
 * nothing until the time was up. Rejects with what a look throws, or with the reason of an interruption.
 */
export async function pollUntil<T>(
  run: PollingRun,
  look: () => T | undefined | Promise<T | undefined>,
  { what, delayMs, leftMs }: PollOptions,
): Promise<T | undefined> {
  let over: (() => void) | undefined;
  try {
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      const left = leftMs();
      if (left <= 0) return undefined;
      over ??= run.report.showWait(what, left);
      await pause(Math.min(delayMs(), left), run.signal);
    }
  } finally {
    over?.();
  }
}
