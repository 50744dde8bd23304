import { version } from '../../package.json';
import { monotonicMs } from '../monotonic-clock.ts';
import { pause } from '../pause.ts';
import type { Run } from '../run.ts';
import { type AttemptContext, type Attempted, attempt } from './attempt.ts';
import { AttemptFailure } from './attempt-failure.ts';
import type { Authentication } from './authentication.ts';
import { BodyMemory } from './body-buffer.ts';
import type { Budget } from './budget.ts';
import { permanentError, retriesExhausted } from './failure.ts';
import { openConnections } from './open-connections.ts';
import type { Destination } from './open-destination.ts';
import { isWrite, type Reply, type Request } from './request.ts';
import { retryAfter } from './retry-after.ts';
import { isTransient, nextRetry } from './retry-policy.ts';
import { ServerClock } from './server-clock.ts';

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
  readonly #userAgent: string;
  readonly #context: AttemptContext;
  /** Aborted with what ends the run. */
  readonly #end = new AbortController();
  readonly #destination: Destination;
  #requests = 0;
  #retries = 0;
  #accepted = false;
  #closed = false;

  constructor(run: Run, authentication: Authentication, destination: Destination) {
    this.authentication = authentication;
    this.origin = destination.origin;
    this.budget = destination.budget;
    this.#run = run;
    this.#userAgent = `jumpcloud-system-context/${version} (${run.module})`;
    const connections = openConnections(destination, this.#userAgent);
    this.clock = new ServerClock(Date.now, connections.certificate);
    this.#context = { connections, signal: run.signal, room: new BodyMemory() };
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
      const { outcome, mayHaveActed } = await this.#attemptInTime(request);
      const wasInDoubt = inDoubt;
      inDoubt ||= mayHaveActed && isWrite(request);
      const failed = { purpose: request.purpose, origin: this.#address(), inDoubt };
      if (outcome instanceof AttemptFailure) {
        // Of reads at the same time the first failure ends the others.
        if (outcome.kind !== 'network' || this.#closed) throw permanentError(failed, outcome);
        this.#destination.rotation.attemptFailed({ timedOut: outcome.reason === 'timeout' });
      } else if (!isTransient(outcome.status)) {
        if (outcome.status < 300) this.#accept();
        return { ...outcome, inDoubt: wasInDoubt };
      }
      const asked =
        outcome instanceof AttemptFailure ? outcome.retryAfter : outcome.headers['retry-after'];
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
      const done = this.#run.report.waiting(`to try again to ${request.purpose}`, waitMs);
      await pause(waitMs, this.#end.signal).finally(done);
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
    setImmediate(() => this.#context.connections.destroy());
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
    if (!this.authentication.isTimed) return attempted;
    const time = this.clock.betterTime(outcome, signedAt);
    if (time === undefined) return attempted;
    this.clock.correct(time);
    return this.#attempt(request, time);
  }

  /** Where requests go, for messages. */
  #address(): string {
    const { origin, proxy } = this.#destination;
    return proxy === undefined ? origin : `${origin} (through the proxy ${proxy.url})`;
  }

  async #attempt(request: Request, time: number): Promise<Attempted> {
    const { method, path, body } = request;
    const proof = this.authentication.prove(method, path, time);
    this.#run.report.hide(proof.secret);
    const headers: Record<string, string> = {
      ...proof.headers,
      accept: 'application/json',
      'user-agent': this.#userAgent,
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = body === undefined ? null : JSON.stringify(body);
    const wire = { origin: this.origin, method, path, headers, body: text };
    const timeoutMs = Math.min(this.#destination.requestTimeoutMs, this.budget.remaining());
    this.#requests++;
    const attempted = await attempt(this.#context, wire, timeoutMs);
    if (!(attempted.outcome instanceof AttemptFailure)) this.clock.learn(attempted.outcome);
    return attempted;
  }

  #accept(): void {
    this.#accepted = true;
    const warning = this.clock.warning();
    if (warning !== undefined) this.#run.report.warn(warning);
  }
}
