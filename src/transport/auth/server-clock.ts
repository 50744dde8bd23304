import type { WireReply } from '../http/attempt.ts';

/** The clock difference, in milliseconds, up to which a 401 must have another cause. */
const TOLERATED_SKEW_MS = 30_000;

/** The validity period of a certificate, in the form of X509Certificate. */
export interface Validity {
  readonly validFrom: string;
  readonly validTo: string;
}

/**
 * JumpCloud's clock, taken from its answers, and its offset from this host's clock. Times in
 * milliseconds since the epoch; offsets are the server's time minus this host's.
 */
export class ServerClock {
  readonly #hostTime: () => number;
  readonly #certificate: () => Validity | undefined;
  /** Added to the host's time for signing: 0 until a 401 shows that the host's clock is wrong. */
  #correctionMs = 0;
  #warned = false;
  #offsetMs: number | undefined;

  /** `certificate` returns the validity of the server's certificate; undefined over plain http. */
  constructor(hostTime: () => number, certificate: () => Validity | undefined = () => undefined) {
    this.#hostTime = hostTime;
    this.#certificate = certificate;
  }

  /**
   * The offset according to the latest answer with a usable time; undefined before the first one.
   */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  /** Returns JumpCloud's time, or the host's time while JumpCloud's is unknown. */
  now(): number {
    return this.#hostTime() + (this.#offsetMs ?? 0);
  }

  signingTime(): number {
    return this.#hostTime() + this.#correctionMs;
  }

  /** Returns the offset in whole seconds; null while it is unknown. */
  offset(): number | null {
    // A Date header has no fraction of a second: on average it is half a second behind.
    return this.#offsetMs === undefined ? null : Math.round((this.#offsetMs + 500) / 1000);
  }

  /** Updates the offset from the time in an answer. */
  observe(reply: WireReply): void {
    const time = this.timeOf(reply);
    if (time !== undefined) this.#offsetMs = time - this.#hostTime();
  }

  /**
   * Returns the time to sign with when a request is repeated after a 401. Returns undefined when
   * the server's time is unknown, or so close to the time of the first signature that the clock
   * cannot be the cause.
   */
  correctedTime(reply: WireReply, signedAt: number): number | undefined {
    const time = this.timeOf(reply);
    return time !== undefined && Math.abs(time - signedAt) > TOLERATED_SKEW_MS ? time : undefined;
  }

  /** Corrects the clock for signing, so that its current time is `time`. */
  correct(time: number): void {
    this.#correctionMs = time - this.#hostTime();
  }

  /**
   * Returns a warning about a wrong clock; undefined if there is none or it was returned before.
   */
  warning(): string | undefined {
    if (this.#correctionMs === 0 || this.#warned) return undefined;
    this.#warned = true;
    return `This host's clock is ${this.#error()}; requests were signed with the corrected time. Set the clock, for example with chrony or systemd-timesyncd.`;
  }

  /** Returns a wrong clock as an additional cause of a 401; undefined if the clock seems right. */
  clockCause(): string | undefined {
    if (this.#correctionMs === 0) return undefined;
    return `in addition, this host's clock is ${this.#error()}: set it, for example with chrony`;
  }

  /**
   * Returns the time in an answer; undefined when it has none, or when the server's certificate is not
   * valid at that time. A time close to the host's needs no check, because TLS has checked the validity at the
   * host's time.
   */
  timeOf(reply: WireReply): number | undefined {
    const time = serverTime(reply);
    if (time === undefined || Math.abs(time - this.#hostTime()) <= TOLERATED_SKEW_MS) return time;
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

/** Returns the time in an answer's Date header. Ignores years in which JumpCloud cannot answer. */
function serverTime({ headers }: WireReply): number | undefined {
  const date = headers['date'] ?? '';
  const year = Number(FIXDATE.exec(date)?.[1]);
  const time = Date.parse(date);
  return year >= 2012 && year < 2100 && !Number.isNaN(time) ? time : undefined;
}
