import type { WireReply } from '../http/attempt.ts';
import type { ServerClock } from './server-clock.ts';

/** The way in which the requests of a session are authenticated. */
export interface Authentication {
  /** The option that sets the server's address. */
  readonly urlOption: 'api_url' | 'token_url';
  /** The advice for a 403. */
  readonly adviceFor403: string;
  /** Returns the credentials for one attempt. `time` is in milliseconds since the epoch. */
  authenticate(method: string, path: string, time: number): Credentials | Promise<Credentials>;
  /**
   * Decides about an attempt that was answered 401. Returns the time for a second attempt if that
   * will have other credentials, and undefined otherwise.
   */
  renew(refused: RefusedAttempt): number | undefined;
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

/** An attempt that was answered 401. */
export interface RefusedAttempt {
  readonly reply: WireReply;
  /** The time that its credentials were made for, in milliseconds since the epoch. */
  readonly time: number;
  /** The secret in its credentials. */
  readonly secret: string;
  readonly clock: ServerClock;
}

/** Facts known about JumpCloud when it answers 401. */
export interface SessionEvidence {
  readonly origin: string;
  /** Whether JumpCloud has accepted a request in this run. */
  readonly accepted: boolean;
  readonly clock: ServerClock;
}
