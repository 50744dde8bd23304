import type { Run } from '../run.ts';

/** Waits that are over sooner are not worth a line, in milliseconds. */
const QUIET_MS = 2000;
const REWRITE_EVERY_MS = 500;
/** Of a terminal that does not tell how wide it is. */
const USUAL_COLUMNS = 80;

/**
 * Says on a terminal what a run is waiting for and how long still, on one line that is rewritten
 * and finally removed. Anywhere else it says nothing.
 */
export function waitingOn(stream: NodeJS.WriteStream): Run['waiting'] {
  if (!stream.isTTY) return () => () => {};
  return (what, forMs) => {
    const start = performance.now();
    let shown = false;
    const timer = setInterval(() => {
      const waited = performance.now() - start;
      if (waited < QUIET_MS) return;
      const left = Math.max(0, Math.ceil((forMs - waited) / 1000));
      const still = `: ${left} s left`;
      // A line that wraps could not be rewritten.
      const room = (stream.columns || USUAL_COLUMNS) - 1 - still.length;
      const line = `Waiting ${what}`;
      stream.write(`\r\x1b[K${line.length > room ? `${line.slice(0, room - 1)}…` : line}${still}`);
      shown = true;
    }, REWRITE_EVERY_MS);
    return () => {
      clearInterval(timer);
      if (shown) stream.write('\r\x1b[K');
    };
  };
}
