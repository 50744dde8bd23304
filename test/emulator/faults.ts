import { seededRandom } from './seeded-random.ts';
import type { Store } from './store.ts';

/** What can go wrong with one request. Times in milliseconds. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      /** Seconds to wait, or the same as a date. */
      readonly retryAfter?: number | { readonly date: number };
      readonly headers?: Readonly<Record<string, string>>;
      readonly text?: string;
      /** Whether the request takes effect all the same. */
      readonly applied?: boolean;
    }
  /** The connection is cut before anything was done. */
  | { readonly kind: 'reset-before' }
  /** The request takes effect, then the connection is cut without an answer. */
  | { readonly kind: 'reset-after' }
  /** The answer comes late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The answer comes byte by byte. */
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
  /** The answer comes behind others of status 1xx. */
  | { readonly kind: 'informational'; readonly statuses: readonly number[] }
  /** The answer, changed on its way. */
  | {
      readonly kind: 'mangle';
      readonly change: (body: unknown) => unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'redirect'; readonly location: string }
  /** The answer says that it is another time, in whatever words, or with null no time at all. */
  | { readonly kind: 'date'; readonly date: () => string | null }
  | { readonly kind: 'endless-body' }
  | { readonly kind: 'endless-headers' }
  /** No answer ever. */
  | {
      readonly kind: 'silence';
      /** Whether the request takes effect all the same. */
      readonly applied?: boolean;
    }
  /** Success is answered, nothing is done. */
  | { readonly kind: 'ignored-write' }
  /** Somebody else changes the organisation just before or after. */
  | {
      readonly kind: 'concurrent';
      readonly change: (store: Store) => void;
      readonly when: 'before' | 'after';
    };

/** What a fault is chosen by. */
export interface FaultTarget {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** Which requests a fault hits: by default the next one. */
export interface FaultRule {
  readonly fault: Fault;
  readonly when?: (request: FaultTarget) => boolean;
  /** How many requests it hits; 1 when not said. */
  readonly times?: number;
  /** How many requests that it would hit it lets pass first. */
  readonly skip?: number;
}

/** What of a refusal a test may want otherwise: every `op` is refused when none is said. */
export interface Refusal {
  readonly op?: 'add' | 'remove' | 'update';
  readonly message?: string;
}

/** Shares of requests that go wrong, each from 0 to 1. */
export interface StormRates {
  readonly serverError: number;
  readonly rateLimit: number;
  readonly resetBefore: number;
  readonly resetAfter: number;
}

/** The last ones are answers that a gateway lost: the request took effect. */
const SERVER_ERRORS: readonly Fault[] = [
  ...[500, 502, 503, 504, 408, 520, 530].map((status) => ({ kind: 'status', status }) as const),
  ...[502, 524].map((status) => ({ kind: 'status', status, applied: true }) as const),
];

/** A fault's name in the count of what was injected. */
function nameOf(fault: Fault): string {
  if (fault.kind !== 'status') return fault.kind;
  const { status, retryAfter, applied } = fault;
  const wait =
    retryAfter === undefined
      ? ''
      : `, Retry-After ${typeof retryAfter === 'object' ? 'as a date' : 'in seconds'}`;
  return `status ${status}${wait}${applied ? ', applied' : ''}`;
}

/** The object that a write to the graph is about: a group's is in the path, others' in the body. */
function targetOf(url: string, body: unknown): unknown {
  return /^\/api\/v2\/systemgroups\/(\w+)\/members/.exec(url)?.[1] ?? Object(body).id;
}

/** Decides request by request what goes wrong, and counts it. */
export class FaultScript {
  /** How often each kind was injected. */
  readonly injected: Record<string, number> = {};
  #rules: { rule: FaultRule; skipped: number; used: number }[] = [];
  #storm: { rates: StormRates; random: () => number } | undefined;

  add(rule: FaultRule): void {
    this.#rules.push({ rule, skipped: 0, used: 0 });
  }

  /** From now on writes to an edge with this object at its other end are refused. */
  refuse(id: string, status: number, { op, message = 'refused' }: Refusal = {}): void {
    const text = JSON.stringify({ message });
    const when = ({ method, url, body }: FaultTarget) =>
      method === 'POST' &&
      targetOf(url, body) === id &&
      (op ?? Object(body).op) === Object(body).op;
    this.add({ fault: { kind: 'status', status, text }, when, times: Infinity });
  }

  /** From now on requests go wrong at random, the same way for the same seed. */
  storm(seed: number, rates: StormRates): void {
    this.#storm = { rates, random: seededRandom(seed) };
  }

  clear(): void {
    this.#rules = [];
    this.#storm = undefined;
  }

  next(target: FaultTarget): Fault | undefined {
    const fault = this.#scripted(target) ?? this.#stormy();
    if (fault !== undefined) {
      const kind = nameOf(fault);
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

  #stormy(): Fault | undefined {
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
