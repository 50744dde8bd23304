import type { ServerClock } from './server-clock.ts';

/** How the requests of a session prove who sends them. */
export interface Authentication {
  /** Whether a proof holds for a while only, so that with a wrong clock another one is worth a try. */
  readonly isTimeBound: boolean;
  /** The proof for one attempt; `time` is in milliseconds since the epoch. */
  authenticate(method: string, path: string, time: number): Credentials;
  /** Who it is that JumpCloud answers 401, and only the causes that are still possible. */
  explain401(seen: SessionEvidence): { readonly who: string; readonly causes: readonly string[] };
}

/** Headers that prove who sends a request, and what of them must never be printed. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
}

/** What was seen of JumpCloud until it refused. */
export interface SessionEvidence {
  readonly origin: string;
  /** Whether it has accepted a request in this run. */
  readonly accepted: boolean;
  readonly clock: ServerClock;
}
