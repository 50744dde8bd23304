import type { ServerClock } from './server-clock.ts';

/** The way in which the requests of a session are authenticated. */
export interface Authentication {
  /** Whether credentials contain the time, so that a 401 may be due to a wrong clock. */
  readonly isTimeBound: boolean;
  /** Returns the credentials for one attempt. `time` is in milliseconds since the epoch. */
  authenticate(method: string, path: string, time: number): Credentials;
  /** Returns the subject of a 401 and the causes that the evidence does not rule out. */
  explain401(evidence: SessionEvidence): {
    readonly who: string;
    readonly causes: readonly string[];
  };
}

/** The headers that authenticate a request, and the secret in them, which is never printed. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
}

/** Facts known about JumpCloud when it answers 401. */
export interface SessionEvidence {
  readonly origin: string;
  /** Whether JumpCloud has accepted a request in this run. */
  readonly accepted: boolean;
  readonly clock: ServerClock;
}
