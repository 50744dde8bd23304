import type { Socket } from 'node:net';
import { monotonicMs } from '../monotonic-clock.ts';
import type { Dialled } from './dial.ts';
import type { Dialler } from './dialler.ts';

/** One that idles for longer is not trusted: the other side may be about to close it. In ms. */
const LONGEST_IDLE_MS = 5000;

/** Connections that are begun before anybody asks for them. */
export interface AheadDialler {
  readonly dial: Dialler;
  /** Closes those that nobody asked for. */
  destroy(): void;
}

/**
 * Dials one host as often as there will be requests at first. Who then dials gets one of these, there
 * or still on its way; further ones are made as they are asked for. One that failed is the failure of
 * whom it is given to, as if it had been dialled for it; one that was closed since is dialled anew.
 */
export function dialAhead(
  dial: Dialler,
  hostname: string,
  port: number,
  count: number,
): AheadDialler {
  const begun = Array.from({ length: count }, () => begin((done) => dial(hostname, port, done)));
  return {
    dial(host, at, done) {
      const take = begun.shift();
      if (take === undefined) dial(host, at, done);
      else take(done, () => dial(host, at, done));
    },
    destroy() {
      for (const take of begun.splice(0)) {
        take(
          (_, socket) => socket?.destroy(),
          () => {},
        );
      }
    },
  };
}

/** Gives the connection once it is there; calls `gone` instead if it is not there any more. */
type Take = (done: Dialled, gone: () => void) => void;

function begin(dial: (done: Dialled) => void): Take {
  let result: Parameters<Dialled> | undefined;
  let taker: Dialled | undefined;
  let since = 0;
  dial((...given) => {
    result = given;
    since = monotonicMs();
    // Nobody listens to it yet.
    given[1]?.on('error', ignore);
    taker?.(...given);
  });
  return (done, gone) => {
    taker = done;
    if (result === undefined) return;
    const [, socket] = result;
    if (socket === null) return done(...result);
    // What has come meanwhile waits to be read: if it is the end, that shows once it was looked for.
    socket.read(0);
    setImmediate(() => {
      if (isAlive(socket) && monotonicMs() - since < LONGEST_IDLE_MS) return done(null, socket);
      socket.destroy();
      gone();
    });
  };
}

function isAlive({ destroyed, readableEnded }: Socket): boolean {
  return !destroyed && !readableEnded;
}

function ignore(): void {}
