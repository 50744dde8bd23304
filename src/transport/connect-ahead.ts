import { monotonicMs } from '../monotonic-clock.ts';
import type { Connected, Connector, Target } from './connector.ts';
import { isOpen } from './is-open.ts';

/** One that idles for longer is not trusted: the other side may be about to close it. In ms. */
const LONGEST_IDLE_MS = 5000;

/**
 * Connects to one server as often as there will be requests at first. Who then connects gets one of
 * these, there or still on its way; further ones are made as they are asked for. One that failed is the
 * failure of whom it is given to, as if it had been made for it; one that was closed since is made anew.
 */
export function connectAhead(connect: Connector, target: Target, count: number): Connector {
  const begun = Array.from({ length: count }, () => begin((done) => connect(target, done)));
  return (to, done) => {
    const take = begun.shift();
    if (take === undefined) connect(to, done);
    else take(done, () => connect(to, done));
  };
}

/** Gives the connection once it is there; calls `gone` instead if it is not there any more. */
type Take = (done: Connected, gone: () => void) => void;

function begin(connect: (done: Connected) => void): Take {
  let result: Parameters<Connected> | undefined;
  let taker: Connected | undefined;
  let since = 0;
  connect((...given) => {
    // Of a connection that ended the end is told, too.
    if (result !== undefined) return;
    result = given;
    since = monotonicMs();
    // Nobody listens to it yet.
    given[1]?.on('error', () => {});
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
      if (isOpen(socket) && monotonicMs() - since < LONGEST_IDLE_MS) return done(null, socket);
      socket.destroy();
      gone();
    });
  };
}
