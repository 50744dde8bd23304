import type { WireReply } from '../http/attempt.ts';

/** The maximum clock skew that cannot cause a 401, in milliseconds. */
const TOLERATED_SKEW_MS = 30_000;

/** The validity period of a certificate, as X509Certificate returns it. */
export interface Validity {
  readonly validFrom: string;
  readonly validTo: string;
}

/**
 * Derives JumpCloud's time from its answers. Times are in milliseconds since the epoch. Offsets are
 * the server's time minus this host's time.
 */
export class ServerClock {
  readonly #hostTime: () => number;
  readonly #certificate: () => Validity | undefined;
  /**
   * The correction of the host's time for signing; 0 until a 401 shows that the host's clock is
   * wrong.
   */
  #correctionMs = 0;
  #warned = false;
  #offsetMs: number | undefined;

  /** `certificate` returns the validity of the server's certificate; undefined over plain http. */
  constructor(hostTime: () => number, certificate: () => Validity | undefined = () => undefined) {
    this.#hostTime = hostTime;
    this.#certificate = certificate;
  }

  /**
   * The offset according to the latest answer with a usable time; undefined before such an answer.
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
  offsetInSeconds(): number | null {
    // A Date header has no fraction of a second, so its time is half a second early on average.
    return this.#offsetMs === undefined ? null : Math.round((this.#offsetMs + 500) / 1000);
  }

  /** Uses the time in an answer to update the offset. */
  observe(reply: WireReply): void {
    const time = this.timeOf(reply);
    if (time !== undefined) this.#offsetMs = time - this.#hostTime();
  }

  /**
   * Returns the time for a new signature after a 401. Returns undefined if the server's time is
   * unknown, or so close to `signedAt` that the clock cannot be the cause.
   */
  correctedTime(reply: WireReply, signedAt: number): number | undefined {
    const time = this.timeOf(reply);
    return time !== undefined && Math.abs(time - signedAt) > TOLERATED_SKEW_MS ? time : undefined;
  }

  /** Sets the current time for signing to `time`. */
  correct(time: number): void {
    this.#correctionMs = time - this.#hostTime();
  }

  /**
   * Returns a warning about a wrong clock; undefined if the clock is right or the warning was
   * returned before.
   */
  warning(): string | undefined {
    if (this.#correctionMs === 0 || this.#warned) return undefined;
    this.#warned = true;
    return `This host's clock is ${this.#describeClockError()}; requests were signed with the corrected time. Set the clock, for example with chrony or systemd-timesyncd.`;
  }

  /**
   * Returns a text that says that this host's clock is wrong, as one possible cause of a 401;
   * undefined if the clock seems right.
   */
  clockCause(): string | undefined {
    if (this.#correctionMs === 0) return undefined;
    return `in addition, this host's clock is ${this.#describeClockError()}: set it, for example with chrony`;
  }

  /**
   * Returns the time in an answer. Returns undefined without a usable time, or if the server's
   * certificate is not valid at that time. A time close to the host's time needs no check, because
   * TLS has already checked the certificate at the host's time.
   */
  timeOf(reply: WireReply): number | undefined {
    const time = readServerTime(reply);
    if (time === undefined || Math.abs(time - this.#hostTime()) <= TOLERATED_SKEW_MS) return time;
    const { validFrom, validTo } = this.#certificate() ?? {};
    if (validFrom === undefined || validTo === undefined) return time;
    return time >= Date.parse(validFrom) && time <= Date.parse(validTo) ? time : undefined;
  }

  #describeClockError(): string {
    const seconds = Math.round(Math.abs(this.#correctionMs) / 1000);
    return `${seconds} s ${this.#correctionMs > 0 ? 'behind' : 'ahead of'} JumpCloud's`;
  }
}

const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} (\d{4}) \d{2}:\d{2}:\d{2} GMT$/;

/** Reads the time in the Date header of an answer. Ignores years before 2012 or after 2099. */
function readServerTime({ headers }: WireReply): number | undefined {
  const date = headers['date'] ?? '';
  const year = Number(IMF_FIXDATE.exec(date)?.[1]);
  const time = Date.parse(date);
  return year >= 2012 && year < 2100 && !Number.isNaN(time) ? time : undefined;
}
