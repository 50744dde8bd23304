import { version } from '../../package.json';
import type { Identity } from '../agent/identity.ts';
import { conceal } from '../conceal.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pause } from '../pause.ts';
import type { Run } from '../run.ts';
import { sign } from '../signing/sign.ts';
import {
  type Attempted,
  attempt,
  mayHaveActed,
  type Way,
  type WireReply,
  type WireRequest,
} from './attempt.ts';
import { AttemptFailure } from './attempt-failure.ts';
import { BodyRoom } from './body-buffer.ts';
import type { Budget } from './budget.ts';
import type { Connections } from './connections.ts';
import { exhausted, final } from './failure.ts';
import { retryAfter } from './retry-after.ts';
import { nextRetry, TRANSIENT_STATUSES } from './retry-policy.ts';
import { ServerClock } from './server-clock.ts';

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
  /** The proxy on the way there, without its credentials. */
  readonly proxyUrl: string | undefined;
  readonly budget: Budget;
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
  readonly clock: ServerClock;
  requests = 0;
  retries = 0;
  /** True once JumpCloud has accepted this identity in this run. */
  accepted = false;
  /** How this host was enrolled (`administrator`, `mdm`, `user`), once its record was read. */
  enrolledAs: string | undefined;

  readonly #run: Run;
  readonly #way: Way;
  readonly #settings: SessionSettings;
  #closed = false;

  constructor(run: Run, identity: Identity, connections: Connections, settings: SessionSettings) {
    this.identity = identity;
    this.origin = settings.origin;
    this.originIsAgents = settings.originIsAgents;
    this.budget = settings.budget;
    this.clock = new ServerClock(settings.clock);
    this.#run = run;
    this.#way = { connections, signal: run.signal, room: new BodyRoom() };
    this.#settings = settings;
  }

  /** A text of the other side's, without what must never be printed. */
  conceal(text: string): string {
    return conceal(text, this.#run.secrets);
  }

  /** The result's `api`; `clock_offset` is the server's time minus ours in whole seconds. */
  report(): Record<string, unknown> {
    return {
      base_url: this.origin,
      requests: this.requests,
      retries: this.retries,
      clock_offset: this.clock.offset(),
    };
  }

  /**
   * Sends a request until there is a final answer, whatever its status.
   * @throws Unavailable, RateLimited when the budget ran out
   * @throws TlsFailure, UnexpectedResponse, Rejected for what another try would not change
   */
  async send(request: Request): Promise<Reply> {
    const start = monotonicMs();
    let lost = false;
    for (let attempts = 1; ; attempts++) {
      const attempted = await this.#attemptInTime(request);
      const { outcome } = attempted;
      const acted = mayHaveActed(attempted);
      const open = (lost || acted) && request.method !== 'GET';
      const told = { purpose: request.purpose, origin: this.#destination(), open };
      if (outcome instanceof AttemptFailure) {
        // Of reads at the same time the first failure ends the others.
        if (outcome.kind !== 'network' || this.#closed) throw final(told, outcome);
      } else if (!TRANSIENT_STATUSES.has(outcome.status)) {
        if (outcome.status < 300) this.#accept();
        return { ...outcome, lost };
      }
      lost ||= acted;
      const retryAfterMs =
        outcome instanceof AttemptFailure
          ? undefined
          : retryAfter(outcome.headers['retry-after'], this.clock.now());
      const waitMs = nextRetry({
        attempts,
        retryAfterMs,
        remainingMs: this.budget.remaining(),
        random: this.#settings.random(),
      });
      const elapsedMs = monotonicMs() - start;
      if (waitMs === undefined)
        throw exhausted({ ...told, attempts, elapsedMs, retryAfterMs }, outcome);
      this.retries++;
      const done = this.#run.waiting(`to try again to ${request.purpose}`, waitMs);
      await pause(waitMs, this.#run.signal).finally(done);
    }
  }

  /**
   * Ends what is under way, and closes the connections soon: a process that ends before then need
   * not spend the time.
   */
  close(): void {
    this.#closed = true;
    setImmediate(() => this.#way.connections.destroy());
  }

  /**
   * One attempt, and one more when a 401 shows by its Date that the clock this very attempt was
   * signed with is wrong. Reads under way at the same time each judge their own.
   */
  async #attemptInTime(request: Request): Promise<Attempted> {
    const signedAt = this.clock.signingTime();
    const attempted = await this.#attempt(request, signedAt);
    const { outcome } = attempted;
    if (outcome instanceof AttemptFailure || outcome.status !== 401) return attempted;
    const time = this.clock.betterTime(outcome, signedAt);
    if (time === undefined) return attempted;
    this.clock.correct(time);
    return this.#attempt(request, time);
  }

  /** Where requests go, for messages. */
  #destination(): string {
    const { origin, proxyUrl } = this.#settings;
    return proxyUrl === undefined ? origin : `${origin} (through the proxy ${proxyUrl})`;
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
    const text = body === undefined ? null : JSON.stringify(body);
    const wire = { origin: this.origin, method, path, headers, body: text };
    const timeoutMs = Math.min(this.#settings.requestTimeoutMs, this.budget.remaining());
    this.requests++;
    const attempted = await attempt(this.#way, wire, timeoutMs);
    if (!(attempted.outcome instanceof AttemptFailure)) this.clock.learn(attempted.outcome);
    return attempted;
  }

  #accept(): void {
    this.accepted = true;
    const warning = this.clock.warning();
    if (warning !== undefined) this.#run.warnings.push(warning);
  }
}
