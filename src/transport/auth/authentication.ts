import type { ServerClock } from './server-clock.ts';

/** How the requests of a session prove who sends them. */
export interface Authentication {
  /** Whether a proof holds for a while only, so that with a wrong clock another one is worth a try. */
  readonly isTimed: boolean;
  /** The proof for one attempt; `time` is in milliseconds since the epoch. */
  prove(method: string, path: string, time: number): Proof;
  /** Who it is that JumpCloud answers 401, and only the causes that are still possible. */
  whyRefused(seen: Seen): { readonly who: string; readonly causes: readonly string[] };
}

/** Headers that prove who sends a request, and what of them must never be printed. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
}

/** What was seen of JumpCloud until it refused. */
export interface Seen {
  readonly origin: string;
  /** Whether it has accepted a request in this run. */
  readonly accepted: boolean;
  readonly clock: ServerClock;
}
