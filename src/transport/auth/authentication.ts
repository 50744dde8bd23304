import type { WireReply } from '../http/attempt.ts';
import type { ServerClock } from './server-clock.ts';

/** Authenticates the requests of a session. */
export interface Authentication {
  /** The option that sets the server's address. */
  readonly urlOption: 'api_url' | 'token_url';
  /** The advice for a 403. */
  readonly adviceFor403: string;
  /** Returns the credentials for one attempt. `time` is in milliseconds since the epoch. */
  authenticate(method: string, path: string, time: number): Credentials | Promise<Credentials>;
  /**
   * Prepares new credentials after a 401. Returns the `time` to pass to `authenticate` for a second
   * attempt; undefined if there are no new credentials.
   */
  renew(refused: RefusedAttempt): number | undefined;
  /**
   * Explains a 401: `who` names the host or the credentials that JumpCloud refused, and `causes`
   * lists the possible causes.
   */
  explain401(state: SessionStateAt401): {
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
  /** The time for which this attempt's credentials were made, in milliseconds since the epoch. */
  readonly time: number;
  /** The secret in the credentials. */
  readonly secret: string;
  readonly clock: ServerClock;
}

/** The state of a session when JumpCloud answers 401. */
export interface SessionStateAt401 {
  readonly origin: string;
  /** True if JumpCloud has accepted a request in this session. */
  readonly wasAccepted: boolean;
  readonly clock: ServerClock;
}
