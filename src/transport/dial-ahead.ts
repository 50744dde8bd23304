import type { Dialled } from './dial.ts';
import type { Dialler } from './dialler.ts';

/** Dials before anybody asks for a connection. */
export interface AheadDialler {
  readonly dial: Dialler;
  /** Closes what nobody asked for. */
  destroy(): void;
}

/**
 * Dials one host so many times at once. Who then dials gets one of these, there or still on its way;
 * further ones are made as they are asked for.
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
  return {
    dial(host, at, done) {
      const one = begun.shift();
      if (one === undefined) dial(host, at, done);
      else void one.then((result) => done(...result));
    },
    destroy() {
      for (const one of begun.splice(0)) void one.then(([, socket]) => socket?.destroy());
    },
  };
}
