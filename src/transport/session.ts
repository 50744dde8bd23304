import { version } from '../../package.json';
import { Interrupted } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pause } from '../base/pause.ts';
import type { Run } from '../run.ts';
import type { Authentication } from './auth/authentication.ts';
import { ServerClock } from './auth/server-clock.ts';
import type { Destination } from './connect/destination.ts';
import { AttemptError } from './errors/attempt-error.ts';
import { permanentError, retriesExhausted } from './errors/request-error.ts';
import { type AttemptContext, type AttemptResult, attempt } from './http/attempt.ts';
import { BodyQuota } from './http/body-buffer.ts';
import { type DestinationClient, openHttpClient } from './http/http-client.ts';
import { isWrite, type Reply, type Request } from './request.ts';
import type { Budget } from './retry/budget.ts';
import { isTransientStatus, nextRetry, retryAfter } from './retry/policy.ts';

/**
 * The one way to JumpCloud: proves anew with every attempt who sends it, retries what passes by itself within the
 * budget, corrects a wrong clock, and keeps count.
 */
export class Session {
  readonly authentication: Authentication;
  readonly origin: string;
  readonly budget: Budget;
  readonly clock: ServerClock;

  readonly #run: Run;
  readonly #context: AttemptContext;
  /** Aborted with what ends the run. */
  readonly #end = new AbortController();
  readonly #destination: Destination;
  #requests = 0;
  #retries = 0;
  #accepted = false;
  #closed = false;

  constructor(
    run: Run,
    authentication: Authentication,
    destination: Destination,
    { http, certificate }: DestinationClient,
  ) {
    this.authentication = authentication;
    this.origin = destination.origin;
    this.budget = destination.budget;
    this.#run = run;
    this.clock = new ServerClock(Date.now, certificate);
    this.#context = { http, signal: run.signal, bodyQuota: new BodyQuota() };
    this.#destination = destination;
    run.signal.addEventListener('abort', () => this.end(run.signal.reason));
  }

  /** True once JumpCloud has accepted a request in this run. */
  get accepted(): boolean {
    return this.#accepted;
  }

  /** A text of the other side's, without what must never be printed. */
  conceal(text: string): string {
    return this.#run.report.conceal(text);
  }

  /** The result's `api`; `clock_offset` is the server's time minus ours in whole seconds. */
  report(): Record<string, unknown> {
    return {
      base_url: this.origin,
      requests: this.#requests,
      retries: this.#retries,
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
    let inDoubt = false;
    for (let attempts = 1; ; attempts++) {
      const { outcome, mayHaveTakenEffect: mayHaveActed } = await this.#attemptInTime(request);
      const wasInDoubt = inDoubt;
      inDoubt ||= mayHaveActed && isWrite(request);
      const failed = { purpose: request.purpose, origin: this.#address(), inDoubt };
      if (outcome instanceof AttemptError) {
        // Of reads at the same time the first failure ends the others.
        if (outcome.kind !== 'network' || this.#closed) throw permanentError(failed, outcome);
        this.#destination.rotation.attemptFailed({ timedOut: outcome.reason === 'timeout' });
      } else if (!isTransientStatus(outcome.status)) {
        if (outcome.status < 300) this.#accept();
        return { ...outcome, inDoubt: wasInDoubt };
      }
      const asked =
        outcome instanceof AttemptError ? outcome.retryAfter : outcome.headers['retry-after'];
      const retryAfterMs = retryAfter(asked, this.clock.now());
      const waitMs = nextRetry({
        attempts,
        retryAfterMs,
        remainingMs: this.budget.remaining(),
        random: Math.random(),
      });
      const elapsedMs = monotonicMs() - start;
      if (waitMs === undefined)
        throw retriesExhausted({ ...failed, attempts, elapsedMs, retryAfterMs }, outcome);
      this.#retries++;
      const done = this.#run.report.showWait(`to try again to ${request.purpose}`, waitMs);
      await pause(waitMs, this.#end.signal)
        .catch((reason) => {
          throw reason instanceof Interrupted && !inDoubt ? reason.betweenAttempts() : reason;
        })
        .finally(done);
    }
  }

  /**
   * What is under way at the same time is answered still, but not tried again: it fails with the
   * reason instead.
   */
  end(reason: unknown): void {
    this.#end.abort(reason);
  }

  /**
   * Ends what is under way, and closes the connections soon: a process that ends before then need
   * not spend the time.
   */
  close(): void {
    this.#closed = true;
    setImmediate(() => this.#context.http.destroy());
  }

  /**
   * One attempt, and one more when a 401 shows by its Date that the clock this very attempt was
   * signed with is wrong. Reads under way at the same time each judge their own.
   */
  async #attemptInTime(request: Request): Promise<AttemptResult> {
    const signedAt = this.clock.signingTime();
    const attempted = await this.#attempt(request, signedAt);
    const { outcome } = attempted;
    if (outcome instanceof AttemptError || outcome.status !== 401) return attempted;
    if (!this.authentication.isTimeBound) return attempted;
    const time = this.clock.correctedTime(outcome, signedAt);
    if (time === undefined) return attempted;
    this.clock.correct(time);
    return this.#attempt(request, time);
  }

  /** Where requests go, for messages. */
  #address(): string {
    const { origin, proxy } = this.#destination;
    return proxy === undefined ? origin : `${origin} (through the proxy ${proxy.server.url})`;
  }

  async #attempt(request: Request, time: number): Promise<AttemptResult> {
    const { method, path, body } = request;
    const proof = this.authentication.authenticate(method, path, time);
    this.#run.report.addSecret(proof.secret);
    const headers: Record<string, string> = {
      ...proof.headers,
      accept: 'application/json',
      'user-agent': userAgentOf(this.#run),
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = body === undefined ? null : JSON.stringify(body);
    const wire = { origin: this.origin, method, path, headers, body: text };
    const timeoutMs = Math.min(this.#destination.requestTimeoutMs, this.budget.remaining());
    this.#requests++;
    const attempted = await attempt(this.#context, wire, timeoutMs);
    if (!(attempted.outcome instanceof AttemptError)) this.clock.observe(attempted.outcome);
    return attempted;
  }

  #accept(): void {
    this.#accepted = true;
    const warning = this.clock.warning();
    if (warning !== undefined) this.#run.report.warn(warning);
  }
}

/** Opens a session with whatever authentication its requests carry. */
export async function openSession(
  run: Run,
  authentication: Authentication,
  destination: Destination,
): Promise<Session> {
  return new Session(run, authentication, destination, await openClient(run, destination));
}

/** Opens the HTTP client of a session. */
export function openClient(run: Run, destination: Destination): Promise<DestinationClient> {
  return openHttpClient(destination, userAgentOf(run));
}

function userAgentOf({ module }: Run): string {
  return `jumpcloud-system-context/${version} (${module})`;
}
