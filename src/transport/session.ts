import type { Dispatcher } from 'undici';
import { version } from '../../package.json';
import type { Identity } from '../agent/identity.ts';
import { pause } from '../pause.ts';
import type { Run } from '../run.ts';
import { sign } from '../signing/sign.ts';
import { type Attempted, attempt, type WireReply, type WireRequest } from './attempt.ts';
import { AttemptFailure } from './attempt-failure.ts';
import { Budget } from './budget.ts';
import { exhausted, final } from './failure.ts';
import { retryAfter } from './retry-after.ts';
import { nextRetry, TRANSIENT_STATUSES } from './retry-policy.ts';

/** A difference between the clocks up to which a 401 has another cause, in milliseconds. */
const TOLERATED_SKEW_MS = 30_000;

/** A call of JumpCloud's API. */
export interface Request {
  readonly method: WireRequest['method'];
  /** Path and query, exactly as they are signed and sent. */
  readonly path: string;
  readonly body?: unknown;
  /** What it is for, as in "Could not …". */
  readonly purpose: string;
}

/** JumpCloud's final answer to a request. */
export interface Reply extends WireReply {
  /** True when an attempt before this one may have taken effect although no answer came. */
  readonly lost: boolean;
}

/** How to reach JumpCloud, and how long to try. Times in milliseconds. */
export interface SessionSettings {
  readonly origin: string;
  /** Whether the origin is the one that jcagent.conf names; undefined when it names none known. */
  readonly originIsAgents: boolean | undefined;
  readonly timeoutMs: number;
  readonly requestTimeoutMs: number;
  /** The local clock, milliseconds since the epoch. */
  readonly clock: () => number;
  /** At least 0, below 1. */
  readonly random: () => number;
}

/**
 * The one way to JumpCloud: signs every attempt anew, retries what passes by itself within the
 * budget, corrects a wrong clock, and keeps count.
 */
export class Session {
  readonly identity: Identity;
  readonly origin: string;
  readonly originIsAgents: boolean | undefined;
  readonly budget: Budget;
  requests = 0;
  retries = 0;
  /** True once JumpCloud has accepted this identity in this run. */
  accepted = false;
  /** How this host was enrolled (`administrator`, `mdm`, `user`), once its record was read. */
  enrolledAs: string | undefined;
  /** The server's time minus ours in milliseconds, by its latest answer. */
  clockOffsetMs: number | undefined;

  readonly #run: Run;
  readonly #dispatcher: Dispatcher;
  readonly #settings: SessionSettings;
  /** Added to our clock for signing: 0 until a 401 has shown that our clock is wrong. */
  #correctionMs = 0;
  #warned = false;

  constructor(run: Run, identity: Identity, dispatcher: Dispatcher, settings: SessionSettings) {
    this.identity = identity;
    this.origin = settings.origin;
    this.originIsAgents = settings.originIsAgents;
    this.budget = new Budget(settings.timeoutMs);
    this.#run = run;
    this.#dispatcher = dispatcher;
    this.#settings = settings;
  }

  /** The time by JumpCloud's clock as far as it is known, milliseconds since the epoch. */
  serverNow(): number {
    return this.#settings.clock() + (this.clockOffsetMs ?? 0);
  }

  /** The result's `api`; `clock_offset` is the server's time minus ours in whole seconds. */
  report(): Record<string, unknown> {
    return {
      base_url: this.origin,
      requests: this.requests,
      retries: this.retries,
      clock_offset: this.clockOffset(),
    };
  }

  /** The server's time minus ours in whole seconds; null before its first answer. */
  clockOffset(): number | null {
    // A Date header leaves out the fraction of its second: half a second is its middle.
    return this.clockOffsetMs === undefined ? null : Math.round((this.clockOffsetMs + 500) / 1000);
  }

  /**
   * Sends a request until there is a final answer, whatever its status.
   * @throws Unavailable, RateLimited when the budget ran out
   * @throws TlsFailure, UnexpectedResponse, Rejected for what another try would not change
   */
  async send(request: Request): Promise<Reply> {
    const start = performance.now();
    let lost = false;
    for (let attempts = 1; ; attempts++) {
      const { outcome, sent } = await this.#attemptInTime(request);
      if (outcome instanceof AttemptFailure) {
        if (outcome.kind !== 'network') throw final(request.purpose, this.origin, outcome);
      } else if (!TRANSIENT_STATUSES.has(outcome.status)) {
        if (outcome.status < 300) this.#accept();
        return { ...outcome, lost };
      }
      lost ||= mayHaveActed(outcome, sent);
      const retryAfterMs =
        outcome instanceof AttemptFailure
          ? undefined
          : retryAfter(outcome.headers['retry-after'], this.serverNow());
      const waitMs = nextRetry({
        attempts,
        retryAfterMs,
        remainingMs: this.budget.remaining(),
        random: this.#settings.random(),
      });
      if (waitMs === undefined) {
        const elapsedMs = performance.now() - start;
        const open = lost && request.method !== 'GET';
        const { purpose } = request;
        throw exhausted(
          { purpose, origin: this.origin, attempts, elapsedMs, retryAfterMs, open },
          outcome,
        );
      }
      this.retries++;
      const done = this.#run.waiting(`to try again to ${request.purpose}`, waitMs);
      await pause(waitMs, this.#run.signal).finally(done);
    }
  }

  /** Closes the connections, whatever is under way on them. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /**
   * One attempt, and one more when a 401 shows by its Date that the clock this very attempt was
   * signed with is wrong. Reads under way at the same time each judge their own.
   */
  async #attemptInTime(request: Request): Promise<Attempted> {
    const signedAt = this.#settings.clock() + this.#correctionMs;
    const attempted = await this.#attempt(request, signedAt);
    const { outcome } = attempted;
    if (outcome instanceof AttemptFailure || outcome.status !== 401) return attempted;
    const serverTime = Date.parse(outcome.headers['date'] ?? '');
    if (!(Math.abs(serverTime - signedAt) > TOLERATED_SKEW_MS)) return attempted;
    this.#correctionMs = serverTime - this.#settings.clock();
    return this.#attempt(request, serverTime);
  }

  async #attempt(request: Request, time: number): Promise<Attempted> {
    const { method, path, body } = request;
    const { date, authorization, signature } = sign(this.identity, method, path, time);
    this.#run.secrets.add(signature);
    const headers: Record<string, string> = {
      date,
      authorization,
      accept: 'application/json',
      'user-agent': `jumpcloud-system-context/${version} (${this.#run.module})`,
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const wire = {
      origin: this.origin,
      method,
      path,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    };
    const timeoutMs = Math.min(this.#settings.requestTimeoutMs, this.budget.remaining());
    this.requests++;
    const attempted = await attempt(this.#dispatcher, wire, timeoutMs, this.#run.signal);
    if (!(attempted.outcome instanceof AttemptFailure)) this.#learnClock(attempted.outcome);
    return attempted;
  }

  #learnClock(reply: WireReply): void {
    const serverTime = Date.parse(reply.headers['date'] ?? '');
    if (!Number.isNaN(serverTime)) this.clockOffsetMs = serverTime - this.#settings.clock();
  }

  #accept(): void {
    this.accepted = true;
    if (this.#correctionMs === 0 || this.#warned) return;
    this.#warned = true;
    const seconds = Math.round(Math.abs(this.#correctionMs) / 1000);
    const direction = this.#correctionMs > 0 ? 'behind' : 'ahead of';
    this.#run.warnings.push(
      `This host's clock is ${seconds} s ${direction} JumpCloud's; requests were signed with the corrected time. Set the clock, for example with chrony or systemd-timesyncd.`,
    );
  }
}

/** Whether JumpCloud may have carried out a request although the answer does not say so. */
function mayHaveActed(outcome: WireReply | AttemptFailure, sent: boolean): boolean {
  return sent && (outcome instanceof AttemptFailure || outcome.status !== 429);
}
