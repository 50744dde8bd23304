import { monotonicMs } from '../base/monotonic-clock.ts';
import { toPrintable } from '../base/printable.ts';
import type { Reporter } from '../run.ts';

/** The time after which a wait is shown, in milliseconds. */
const DISPLAY_DELAY_MS = 2000;
const REWRITE_INTERVAL_MS = 500;
/** The assumed width of a terminal that does not report its width. */
const DEFAULT_COLUMNS = 80;

/** Ignores the error of a closed terminal, which must not fail the run. */
const ignoreError = () => {};

interface Wait {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Returns a function that shows waits on stderr, with the remaining seconds. Rewrites a single
 * line, and removes it at the end. If several waits overlap, shows the one that ends last. Prints
 * nothing if stderr is not a terminal.
 */
export function createWaitDisplay(): Reporter['showWait'] {
  const waits = new Set<Wait>();
  let timer: NodeJS.Timeout | undefined;
  let isShown = false;

  const rewriteLine = async () => {
    const now = monotonicMs();
    const [last] = [...waits]
      .filter(({ start }) => now - start >= DISPLAY_DELAY_MS)
      .sort((a, b) => b.end - a.end);
    if (last === undefined) return;
    const { isatty } = await import('node:tty');
    // The wait may have ended during the import.
    if (!isatty(2) || !waits.has(last)) return;
    const timeLeft = `: ${Math.max(0, Math.ceil((last.end - now) / 1000))} s left`;
    process.stderr.off('error', ignoreError).on('error', ignoreError);
    // A long line is cut, because a terminal would wrap it, and a wrapped line cannot be rewritten.
    const maxLength = (process.stderr.columns || DEFAULT_COLUMNS) - 1 - timeLeft.length;
    const line = `Waiting ${toPrintable(last.what)}`;
    process.stderr.write(
      `\r\x1b[K${line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line}${timeLeft}`,
    );
    isShown = true;
  };

  return (what, forMs) => {
    const start = monotonicMs();
    const wait = { what, start, end: start + forMs };
    waits.add(wait);
    timer ??= setInterval(rewriteLine, REWRITE_INTERVAL_MS);
    return () => {
      waits.delete(wait);
      if (waits.size > 0) return;
      clearInterval(timer);
      timer = undefined;
      if (isShown) process.stderr.write('\r\x1b[K');
      isShown = false;
    };
  };
}
