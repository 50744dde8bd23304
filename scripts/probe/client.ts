import { pause } from '../../src/base/pause.ts';
import { isTransientStatus, parseRetryAfter } from '../../src/transport/retry/policy.ts';
import { type ProbeRequest, type ProbeScope, requirePermitted } from './permission.ts';
import { UnansweredQuestion } from './unanswered-question.ts';
import type { Wire } from './wire.ts';

/**
 * The number of requests after which a run of the probe asks no more questions. The clean-up may
 * send more requests.
 */
export const REQUEST_BUDGET = 300;
const MAX_ATTEMPTS = 4;
const MAX_CLEAN_UP_ATTEMPTS = 7;
const MAX_WAIT_MS = 60_000;

/** A request and its outcome. */
export interface Exchange {
  readonly request: ProbeRequest;
  /** The HTTP status, or 0 without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body. Undefined if the body is empty or not JSON. */
  readonly body: unknown;
  readonly isJson: boolean;
  /** The error code of a request without an answer. */
  readonly failure: string | undefined;
  readonly ms: number;
}

/** The final answer to a request. */
export interface Answer extends Exchange {
  /** Whether an earlier attempt at this request may have taken effect. */
  readonly inDoubt: boolean;
}

/** Sends permitted requests, retries transient failures, and records every attempt. */
export class Client {
  readonly systemId: string;
  readonly exchanges: Exchange[] = [];
  readonly #wire: Wire;
  readonly #scope: () => ProbeScope;
  readonly #stop: AbortSignal;
  readonly #onExchange: (exchange: Exchange) => void;
  #isCleaning = false;
  #requests = 0;

  constructor(
    wire: Wire,
    scope: () => ProbeScope,
    stop: AbortSignal,
    onExchange: (exchange: Exchange) => void = () => {},
  ) {
    this.systemId = wire.systemId;
    this.#wire = wire;
    this.#scope = scope;
    this.#stop = stop;
    this.#onExchange = onExchange;
  }

  get requests(): number {
    return this.#requests;
  }

  /**
   * Starts the clean-up. Until its end, neither an interruption nor a used-up budget stops
   * requests.
   */
  startCleaning(): void {
    this.#isCleaning = true;
  }

  /** Ends the clean-up. */
  endCleaning(): void {
    this.#isCleaning = false;
  }

  /** Sends a request and retries transient failures a few times. */
  async send(request: ProbeRequest): Promise<Answer> {
    let inDoubt = false;
    for (let attempts = 1; ; attempts++) {
      const { exchange, mayHaveTakenEffect } = await this.#attempt(request);
      const isFinal = exchange.status > 0 && !isTransientStatus(exchange.status);
      if (isFinal || attempts >= (this.#isCleaning ? MAX_CLEAN_UP_ATTEMPTS : MAX_ATTEMPTS)) {
        return { ...exchange, inDoubt };
      }
      inDoubt ||= mayHaveTakenEffect;
      const asked = parseRetryAfter(exchange.headers['retry-after'], Date.now()) ?? 0;
      await this.wait(Math.min(Math.max(asked, 500 * 2 ** (attempts - 1)), MAX_WAIT_MS));
    }
  }

  /** Sends a request once, whatever the answer. */
  async sendOnce(request: ProbeRequest): Promise<Exchange> {
    return (await this.#attempt(request)).exchange;
  }

  /** Waits. An interruption ends the wait, except while cleaning up. */
  async wait(ms: number): Promise<void> {
    await pause(ms, this.#isCleaning ? new AbortController().signal : this.#stop);
  }

  async #attempt(request: ProbeRequest) {
    if (!this.#isCleaning) {
      this.#stop.throwIfAborted();
      if (this.#requests >= REQUEST_BUDGET)
        throw new UnansweredQuestion('the budget of requests is used up');
    }
    requirePermitted(request, this.#scope());
    this.#requests++;
    const start = performance.now();
    const outcome = await this.#wire.send(request);
    const ms = Math.round(performance.now() - start);
    const isAnswered = 'status' in outcome;
    const { status, headers } = isAnswered ? outcome : { status: 0, headers: {} };
    const exchange: Exchange = {
      request,
      status,
      headers,
      ...parseBody(isAnswered ? outcome.body : ''),
      failure: isAnswered ? undefined : outcome.failure,
      ms,
    };
    this.exchanges.push(exchange);
    this.#onExchange(exchange);
    const mayHaveTakenEffect = isAnswered ? status >= 500 : outcome.mayHaveTakenEffect;
    return { exchange, mayHaveTakenEffect };
  }
}

function parseBody(text: string): Pick<Exchange, 'body' | 'isJson'> {
  try {
    return { body: JSON.parse(text), isJson: true };
  } catch {
    return { body: undefined, isJson: false };
  }
}
