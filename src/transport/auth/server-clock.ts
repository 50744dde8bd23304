import type { WireReply } from '../http/attempt.ts';

/** A difference between the clocks up to which a 401 has another cause, in milliseconds. */
const TOLERATED_SKEW_MS = 30_000;

/** The two ends of a certificate's validity, as X509Certificate has them. */
export interface Validity {
  readonly validFrom: string;
  readonly validTo: string;
}

/**
 * JumpCloud's clock, as its answers tell it, beside ours. Times in milliseconds since the epoch;
 * differences are the server's time minus ours.
 */
export class ServerClock {
  readonly #ours: () => number;
  readonly #certificate: () => Validity | undefined;
  /** Added to our clock for signing: 0 until a 401 has shown that our clock is wrong. */
  #correctionMs = 0;
  #warned = false;
  #offsetMs: number | undefined;

  /** `certificate` returns the server's, undefined over plain http. */
  constructor(ours: () => number, certificate: () => Validity | undefined = () => undefined) {
    this.#ours = ours;
    this.#certificate = certificate;
  }

  /** By the latest answer; undefined as long as none told a time. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  /** JumpCloud's time as far as it is known. */
  now(): number {
    return this.#ours() + (this.#offsetMs ?? 0);
  }

  /** The time to sign with. */
  signingTime(): number {
    return this.#ours() + this.#correctionMs;
  }

  /** The server's time minus ours in whole seconds; null before its first answer. */
  offset(): number | null {
    // A Date header leaves out the fraction of its second: half a second is its middle.
    return this.#offsetMs === undefined ? null : Math.round((this.#offsetMs + 500) / 1000);
  }

  /** Takes the time from an answer. */
  observe(reply: WireReply): void {
    const time = this.#timeOf(reply);
    if (time !== undefined) this.#offsetMs = time - this.#ours();
  }

  /**
   * The time to sign once more with after an answer that refused the time signed with; undefined
   * when that was not the reason.
   */
  correctedTime(reply: WireReply, signedAt: number): number | undefined {
    const time = this.#timeOf(reply);
    return time !== undefined && Math.abs(time - signedAt) > TOLERATED_SKEW_MS ? time : undefined;
  }

  /** From now on signs as if it were that time. */
  correct(time: number): void {
    this.#correctionMs = time - this.#ours();
  }

  /** What the person has to know about the clock, once. */
  warning(): string | undefined {
    if (this.#correctionMs === 0 || this.#warned) return undefined;
    this.#warned = true;
    return `This host's clock is ${this.#error()}; requests were signed with the corrected time. Set the clock, for example with chrony or systemd-timesyncd.`;
  }

  /** A wrong clock among other causes of a failure; undefined when it was not seen to be wrong. */
  clockCause(): string | undefined {
    if (this.#correctionMs === 0) return undefined;
    return `besides, this host's clock is ${this.#error()}: set it, for example with chrony`;
  }

  /**
   * Returns the time that an answer tells; undefined when its certificate is not valid then. TLS has
   * seen that it is valid by our clock, so only a time far from ours has to be compared.
   */
  #timeOf(reply: WireReply): number | undefined {
    const time = serverTime(reply);
    if (time === undefined || Math.abs(time - this.#ours()) <= TOLERATED_SKEW_MS) return time;
    const { validFrom, validTo } = this.#certificate() ?? {};
    if (validFrom === undefined || validTo === undefined) return time;
    return time >= Date.parse(validFrom) && time <= Date.parse(validTo) ? time : undefined;
  }

  #error(): string {
    const seconds = Math.round(Math.abs(this.#correctionMs) / 1000);
    return `${seconds} s ${this.#correctionMs > 0 ? 'behind' : 'ahead of'} JumpCloud's`;
  }
}

const FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} (\d{4}) \d{2}:\d{2}:\d{2} GMT$/;

/** The time an answer tells. A year in which there is no JumpCloud tells nothing. */
function serverTime({ headers }: WireReply): number | undefined {
  const date = headers['date'] ?? '';
  const year = Number(FIXDATE.exec(date)?.[1]);
  const time = Date.parse(date);
  return year >= 2012 && year < 2100 && !Number.isNaN(time) ? time : undefined;
}
