import type { Dialled } from './dial.ts';
import type { Dialler } from './dialler.ts';
import { isOpen } from './is-open.ts';

/** Dials before anybody asks for a connection. */
export interface AheadDialler {
  /** Gives who dials this very host one of those that were begun, while there are any. */
  readonly dial: Dialler;
  /** Closes all that were begun, and so what was made of them. */
  destroy(): void;
}

/**
 * Dials one host so many times at once. Who then dials it gets one of these, there or still on its way;
 * one that was closed since is dialled anew.
 */
export function dialAhead(
  dial: Dialler,
  hostname: string,
  port: number,
  count: number,
): AheadDialler {
  const begun = Array.from({ length: count }, () => {
    return new Promise<Parameters<Dialled>>((resolve) => {
      dial(hostname, port, (...result) => {
        // Nobody listens to it yet.
        result[1]?.on('error', () => {});
        resolve(result);
      });
    });
  });
  const left = [...begun];
  return {
    dial(host, at, done) {
      const one = left.shift();
      if (one === undefined) dial(host, at, done);
      else
        void one.then((result) => {
          if (result[1] === null || isOpen(result[1])) done(...result);
          else dial(host, at, done);
        });
    },
    destroy() {
      for (const one of begun) void one.then(([, socket]) => socket?.destroy());
    },
  };
}
