import { seededRandom } from './seeded-random.ts';
import type { Store } from './store.ts';

/** A fault of one request. Times are in milliseconds. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      /** Seconds to wait, sent as a number or, if given as `date`, as an HTTP date. */
      readonly retryAfter?: number | { readonly date: number };
      readonly headers?: Readonly<Record<string, string>>;
      readonly text?: string;
      /** Whether the request takes effect in spite of this status. */
      readonly applied?: boolean;
    }
  /** The connection is reset before the request takes effect. */
  | { readonly kind: 'reset-before' }
  /** The request takes effect, then the connection is reset without an answer. */
  | { readonly kind: 'reset-after' }
  /** The answer is delayed. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The answer is sent byte by byte. */
  | { readonly kind: 'trickle'; readonly ms: number }
  /** The answer ends before it is complete. */
  | { readonly kind: 'truncated' }
  /** An answer that the API never gives, for example HTML. */
  | {
      readonly kind: 'body';
      readonly text: string | Buffer;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Informational answers (status 1xx) precede the answer. */
  | { readonly kind: 'informational'; readonly statuses: readonly number[] }
  /** The answer is changed before it is sent. */
  | {
      readonly kind: 'mangle';
      readonly change: (body: unknown) => unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'redirect'; readonly location: string }
  /** The answer has this Date header, or none if it is null. */
  | { readonly kind: 'date'; readonly date: () => string | null }
  | { readonly kind: 'endless-body' }
  | { readonly kind: 'endless-headers' }
  /** The request is never answered. */
  | {
      readonly kind: 'silence';
      /** Whether the request takes effect although it is never answered. */
      readonly applied?: boolean;
    }
  /** The answer reports success, but the request has no effect. */
  | { readonly kind: 'ignored-write' }
  /** Someone else changes the organisation just before or after the request. */
  | {
      readonly kind: 'concurrent';
      readonly change: (store: Store) => void;
      readonly when: 'before' | 'after';
    };

/** The properties of a request on which a fault can depend. */
export interface FaultTarget {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** A fault, and the requests that it hits. By default, it hits the next request. */
export interface FaultRule {
  readonly fault: Fault;
  readonly when?: (request: FaultTarget) => boolean;
  /** The number of requests that the fault hits. The default is 1. */
  readonly times?: number;
  /** The number of matching requests that the fault skips first. */
  readonly skip?: number;
}

/** Details of a refusal. Without `op`, every operation is refused. */
export interface RefusalOptions {
  readonly op?: 'add' | 'remove' | 'update';
  readonly message?: string;
}

/** The rates at which faults are injected at random, each from 0 to 1. */
export interface StormRates {
  readonly serverError: number;
  readonly rateLimit: number;
  readonly resetBefore: number;
  readonly resetAfter: number;
}

/** With the last two faults, the request takes effect, but a gateway loses the answer. */
const SERVER_ERRORS: readonly Fault[] = [
  ...[500, 502, 503, 504, 408, 520, 530].map((status) => ({ kind: 'status', status }) as const),
  ...[502, 524].map((status) => ({ kind: 'status', status, applied: true }) as const),
];

/** Returns a fault's key in `FaultScript.injected`. */
function labelOf(fault: Fault): string {
  if (fault.kind !== 'status') return fault.kind;
  const { status, retryAfter, applied } = fault;
  const wait =
    retryAfter === undefined
      ? ''
      : `, Retry-After ${typeof retryAfter === 'object' ? 'as a date' : 'in seconds'}`;
  return `status ${status}${wait}${applied ? ', applied' : ''}`;
}

/**
 * Returns the id of the object to which a request writes an edge. A system group's id is in the
 * path, any other id is in the body.
 */
function targetOf(url: string, body: unknown): unknown {
  return /^\/api\/v2\/systemgroups\/(\w+)\/members/.exec(url)?.[1] ?? Object(body).id;
}

/** Chooses the fault of each request, and counts the injected faults. */
export class FaultScript {
  /** The number of injected faults of each kind. */
  readonly injected: Record<string, number> = {};
  #rules: { rule: FaultRule; skipped: number; used: number }[] = [];
  #storm: { rates: StormRates; random: () => number } | undefined;

  add(rule: FaultRule): void {
    this.#rules.push({ rule, skipped: 0, used: 0 });
  }

  /** Refuses all further writes of edges to an object. */
  refuse(id: string, status: number, { op, message = 'refused' }: RefusalOptions = {}): void {
    const text = JSON.stringify({ message });
    const when = ({ method, url, body }: FaultTarget) =>
      method === 'POST' &&
      targetOf(url, body) === id &&
      (op ?? Object(body).op) === Object(body).op;
    this.add({ fault: { kind: 'status', status, text }, when, times: Infinity });
  }

  /** Injects faults at random from now on. The same seed gives the same sequence. */
  storm(seed: number, rates: StormRates): void {
    this.#storm = { rates, random: seededRandom(seed) };
  }

  clear(): void {
    this.#rules = [];
    this.#storm = undefined;
  }

  next(target: FaultTarget): Fault | undefined {
    const fault = this.#scripted(target) ?? this.#random();
    if (fault !== undefined) {
      const kind = labelOf(fault);
      this.injected[kind] = (this.injected[kind] ?? 0) + 1;
    }
    return fault;
  }

  #scripted(target: FaultTarget): Fault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (entry.used >= (rule.times ?? 1) || !(rule.when?.(target) ?? true)) continue;
      if (entry.skipped < (rule.skip ?? 0)) {
        entry.skipped++;
        continue;
      }
      entry.used++;
      return rule.fault;
    }
    return undefined;
  }

  #random(): Fault | undefined {
    if (this.#storm === undefined) return undefined;
    const { rates, random } = this.#storm;
    let dice = random();
    const hit = (rate: number) => {
      dice -= rate;
      return dice < 0;
    };
    if (hit(rates.serverError)) {
      return SERVER_ERRORS[Math.floor(random() * SERVER_ERRORS.length)];
    }
    if (hit(rates.rateLimit)) {
      const seconds = Math.floor(random() * 2);
      const retryAfter = [seconds, { date: seconds }, undefined][Math.floor(random() * 3)];
      return { kind: 'status', status: 429, ...(retryAfter !== undefined && { retryAfter }) };
    }
    if (hit(rates.resetBefore)) return { kind: 'reset-before' };
    return hit(rates.resetAfter) ? { kind: 'reset-after' } : undefined;
  }
}
