import { monotonicMs } from '../base/monotonic-clock.ts';
import { toPrintable } from '../base/printable.ts';
import type { Reporter } from '../run.ts';

/** Waits that are over sooner are not worth a line, in milliseconds. */
const QUIET_MS = 2000;
const REWRITE_EVERY_MS = 500;
/** Of a terminal that does not tell how wide it is. */
const DEFAULT_COLUMNS = 80;

/** A terminal that is gone is no failure of the run. */
const ignore = () => {};

interface Wait {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Says on stderr, if that is a terminal, what a run is waiting for and how long still, on one line
 * that is rewritten and finally removed; of several waits at the same time, the one that ends last.
 * Anywhere else it says nothing.
 */
export function showWaitOnStderr(): Reporter['showWait'] {
  const waits = new Set<Wait>();
  let timer: NodeJS.Timeout | undefined;
  let shown = false;

  const rewrite = async () => {
    const now = monotonicMs();
    const [last] = [...waits]
      .filter(({ start }) => now - start >= QUIET_MS)
      .sort((a, b) => b.end - a.end);
    if (last === undefined) return;
    const { isatty } = await import('node:tty');
    // Unless it is over meanwhile.
    if (!isatty(2) || !waits.has(last)) return;
    const still = `: ${Math.max(0, Math.ceil((last.end - now) / 1000))} s left`;
    process.stderr.off('error', ignore).on('error', ignore);
    // A line that wraps could not be rewritten.
    const room = (process.stderr.columns || DEFAULT_COLUMNS) - 1 - still.length;
    const line = `Waiting ${toPrintable(last.what)}`;
    process.stderr.write(
      `\r\x1b[K${line.length > room ? `${line.slice(0, room - 1)}…` : line}${still}`,
    );
    shown = true;
  };

  return (what, forMs) => {
    const start = monotonicMs();
    const wait = { what, start, end: start + forMs };
    waits.add(wait);
    timer ??= setInterval(rewrite, REWRITE_EVERY_MS);
    return () => {
      waits.delete(wait);
      if (waits.size > 0) return;
      clearInterval(timer);
      timer = undefined;
      if (shown) process.stderr.write('\r\x1b[K');
      shown = false;
    };
  };
}
