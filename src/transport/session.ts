import { version } from '../../package.json';
import { withInDoubt } from '../base/interrupted.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pause } from '../base/pause.ts';
import type { Run, SessionRun } from '../run.ts';
import type { Authentication } from './auth/authentication.ts';
import { ServerClock } from './auth/server-clock.ts';
import { type Destination, describeDestination } from './connect/destination.ts';
import { AttemptError } from './errors/attempt-error.ts';
import { type AttemptContext, type AttemptResult, attempt } from './http/attempt.ts';
import { BodyQuota } from './http/body-buffer.ts';
import { type DestinationClient, openHttpClient } from './http/http-client.ts';
import { isWrite, type Reply, type Request } from './request.ts';
import type { Budget } from './retry/budget.ts';
import { isTransientStatus, nextDelayMs, parseRetryAfter } from './retry/policy.ts';

/**
 * Sends requests to JumpCloud: authenticates each attempt, retries transient failures within the
 * budget, corrects a wrong clock, and counts requests and retries.
 */
export class Session {
  readonly authentication: Authentication;
  readonly origin: string;
  readonly budget: Budget;
  readonly clock: ServerClock;
  readonly #run: SessionRun;
  readonly #context: AttemptContext;
  /** Aborted by `stopRetries`, to end the wait before the next attempt. */
  readonly #retryAbort = new AbortController();
  readonly #destination: Destination;
  #requests = 0;
  #retries = 0;
  #wasAccepted = false;
  #closed = false;

  constructor(
    run: SessionRun,
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
    run.signal.addEventListener('abort', () => this.stopRetries(run.signal.reason));
  }

  /** True once JumpCloud has accepted a request in this session. */
  get wasAccepted(): boolean {
    return this.#wasAccepted;
  }

  /** Returns a text from the server with all secrets masked. */
  maskSecrets(text: string): string {
    return this.#run.report.maskSecrets(text);
  }

  /** Returns the result field `api`. `clock_offset` is the server's time minus ours, in seconds. */
  report(): Record<string, unknown> {
    return {
      base_url: this.origin,
      requests: this.#requests,
      retries: this.#retries,
      clock_offset: this.clock.offsetInSeconds(),
    };
  }

  /**
   * Sends a request and retries transient failures. Returns JumpCloud's first answer that is not a
   * transient failure, even if it is a refusal.
   * @throws Unavailable, RateLimited when the budget is used up
   * @throws TlsFailure, UnexpectedResponse for permanent failures of an attempt
   * @throws Rejected when a proxy permanently refuses the connection
   */
  async send(request: Request): Promise<Reply> {
    const start = monotonicMs();
    let inDoubt = false;
    for (let attempts = 1; ; attempts++) {
      const { outcome, mayHaveTakenEffect } = await this.#attemptWithRenewal(request, inDoubt);
      const wasInDoubt = inDoubt;
      inDoubt ||= mayHaveTakenEffect && isWrite(request);
      const failed = {
        purpose: request.purpose,
        origin: describeDestination(this.#destination),
        urlOption: this.authentication.urlOption,
        inDoubt,
      };
      if (outcome instanceof AttemptError) {
        // A closed session does not retry. A session closes as soon as one of several parallel
        // reads fails.
        if (outcome.kind !== 'network' || this.#closed)
          throw (await import('./errors/request-error.ts')).permanentError(failed, outcome);
        this.#destination.rotation.markAttemptFailed({ timedOut: outcome.reason === 'timeout' });
      } else if (!isTransientStatus(outcome.status)) {
        if (outcome.status < 300) this.#recordAcceptance();
        return { ...outcome, inDoubt: wasInDoubt };
      }
      const header =
        outcome instanceof AttemptError ? outcome.retryAfter : outcome.headers['retry-after'];
      const retryAfterMs = parseRetryAfter(header, this.clock.now());
      const waitMs = nextDelayMs({
        attempts,
        retryAfterMs,
        remainingMs: this.budget.remainingMs(),
        random: Math.random(),
      });
      const elapsedMs = monotonicMs() - start;
      if (waitMs === undefined) {
        const retried = { ...failed, attempts, elapsedMs, retryAfterMs };
        throw (await import('./errors/request-error.ts')).retriesExhaustedError(retried, outcome);
      }
      this.#retries++;
      const endProgress = this.#run.report.showWait(`to try again to ${request.purpose}`, waitMs);
      await pause(waitMs, this.#retryAbort.signal)
        .catch((reason) => {
          throw withInDoubt(reason, inDoubt);
        })
        .finally(endProgress);
    }
  }

  /**
   * Stops all retries. Attempts in progress may still succeed. A request that would be retried
   * fails with the reason.
   */
  stopRetries(reason: unknown): void {
    this.#retryAbort.abort(reason);
  }

  /**
   * Ends the session: stops retries, and closes the connections in the next turn of the event loop.
   * A process that exits before then saves the time for closing them.
   */
  close(): void {
    this.#closed = true;
    setImmediate(() => this.#context.http.destroy());
  }

  /** Makes one attempt. After a 401, makes a second attempt if there are new credentials. */
  async #attemptWithRenewal(request: Request, inDoubt: boolean): Promise<AttemptResult> {
    const { clock } = this;
    const time = clock.signingTime();
    const { result, secret } = await this.#attempt(request, time, inDoubt);
    const { outcome: reply } = result;
    if (reply instanceof AttemptError || reply.status !== 401) return result;
    const renewed = this.authentication.renew({ reply, time, secret, clock });
    return renewed === undefined ? result : (await this.#attempt(request, renewed, inDoubt)).result;
  }

  async #attempt(
    { purpose, method, path, body, mediaType, beforeAttempt }: Request,
    time: number,
    inDoubt: boolean,
  ): Promise<{ result: AttemptResult; secret: string }> {
    await beforeAttempt?.(inDoubt);
    const credentials = await this.authentication.authenticate(method, path, time);
    const { secret } = credentials;
    this.#run.report.addSecret(secret);
    const headers: Record<string, string> = {
      ...credentials.headers,
      accept: 'application/json',
      'user-agent': userAgentOf(this.#run),
    };
    if (body !== undefined) headers['content-type'] = mediaType ?? 'application/json';
    const text = mediaType === undefined ? (JSON.stringify(body) ?? null) : String(body);
    const wire = { origin: this.origin, method, path, headers, body: text };
    const timeoutMs = Math.min(this.#destination.requestTimeoutMs, this.budget.remainingMs());
    this.#requests++;
    const endProgress = this.#run.report.showWait(`to ${purpose}`, timeoutMs);
    const result = await attempt(this.#context, wire, timeoutMs).finally(endProgress);
    if (!(result.outcome instanceof AttemptError)) this.clock.observe(result.outcome);
    return { result, secret };
  }

  #recordAcceptance(): void {
    this.#wasAccepted = true;
    const warning = this.clock.warning();
    if (warning !== undefined) this.#run.report.warn(warning);
  }
}

/** Opens a session with the given authentication. */
export async function openSession(
  run: Run,
  authentication: Authentication,
  destination: Destination,
): Promise<Session> {
  return new Session(run, authentication, destination, await openClient(run, destination));
}

export function openClient(run: SessionRun, destination: Destination): Promise<DestinationClient> {
  return openHttpClient(destination, userAgentOf(run));
}

export const userAgentOf = ({ module }: Pick<Run, 'module'>) =>
  `jumpcloud-system-context/${version} (${module})`;
