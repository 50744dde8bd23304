import { monotonicMs } from '../../base/monotonic-clock.ts';
import type {
  Authentication,
  Credentials,
  RefusedAttempt,
  SessionStateAt401,
} from './authentication.ts';

/** A service account's token. */
export interface AccessToken {
  readonly text: string;
  /** The time at which the next token has to be fetched, in milliseconds of the monotonic clock. */
  readonly renewAt: number;
}

/**
 * Sends a service account's access token with every request. Fetches the token at the first
 * request, shortly before it expires, and after a 401. Parallel requests share the token. The token
 * is kept in memory only.
 */
export class ServiceAccountAuthentication implements Authentication {
  readonly urlOption = 'api_url';
  readonly adviceFor403 =
    "The service account's role may be insufficient. Assign a sufficient role in the Admin Portal. If the role is sufficient, ask JumpCloud whether this IP address is blocked for suspected abuse.";
  readonly #fetch: () => Promise<AccessToken>;
  #pending: Promise<AccessToken> | undefined;
  #current: AccessToken | undefined;

  constructor(fetch: () => Promise<AccessToken>) {
    this.#fetch = fetch;
  }

  async authenticate(): Promise<Credentials> {
    const { text } = await this.#token();
    return { headers: { authorization: `Bearer ${text}` }, secret: text };
  }

  /** Drops a refused token, unless a parallel request has replaced it already. */
  renew({ secret, time }: RefusedAttempt): number {
    if (secret === this.#current?.text) this.#current = undefined;
    return time;
  }

  explain401({ origin, wasAccepted }: SessionStateAt401) {
    const causes = wasAccepted
      ? ["the service account's role does not allow this: assign a sufficient role"]
      : [
          `the organisation is in another region than ${origin}: set region (us, eu or in)`,
          "the service account's role does not allow this: assign a sufficient role",
          'the service account was disabled or deleted a moment ago: check it in the Admin Portal',
        ];
    return { who: "the service account's access token", causes };
  }

  async #token(): Promise<AccessToken> {
    if (this.#current !== undefined && monotonicMs() < this.#current.renewAt) return this.#current;
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    this.#current = await this.#pending;
    return this.#current;
  }
}
