import { type LookupAddress, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/** The maximum time by which a DNS lookup may exceed the budget, in milliseconds. */
const LOOKUP_GRACE_MS = 500;
/** The longest that a DNS lookup takes after `limitLookupTime` has limited it, in milliseconds. */
const MAX_LOOKUP_MS = 10_000;

/**
 * The timeout for one name server, in seconds. `short` applies to a budget below
 * `SHORT_BUDGET_LIMIT_MS`.
 */
const NAME_SERVER_TIMEOUT_S = { short: 1, usual: 2 };
const SHORT_BUDGET_LIMIT_MS = 10_000;

type Lookup = (
  name: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks up host names within the budget, because a process cannot exit during a lookup. Parallel
 * requests share one lookup. Near the end of the budget, known addresses are used again. After a
 * failed lookup, a new lookup starts only if the budget leaves about as much time as the failed
 * lookup took.
 */
export class DnsResolver {
  readonly #remainingMs: () => number;
  readonly #lookup: Lookup;
  #pending: Promise<LookupAddress[]> | undefined;
  #known: LookupAddress[] | undefined;
  #failure: { readonly error: NodeJS.ErrnoException; readonly tookMs: number } | undefined;

  constructor(remainingMs: () => number, lookUp: Lookup = lookup) {
    this.#remainingMs = remainingMs;
    this.#lookup = lookUp;
  }

  /** Returns the addresses of a host. `host` is a name or an IP address. */
  async addressesOf(host: string): Promise<LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    if (this.#pending !== undefined) return this.#pending;
    const leftMs = this.#remainingMs();
    if (this.#known !== undefined && leftMs < MAX_LOOKUP_MS) return this.#known;
    if (this.#failure !== undefined && this.#failure.tookMs > leftMs + LOOKUP_GRACE_MS) {
      throw this.#failure.error;
    }
    this.#pending = this.#lookUpName(host);
    return this.#pending;
  }

  #lookUpName(name: string): Promise<LookupAddress[]> {
    const start = monotonicMs();
    return new Promise((resolve, reject) => {
      this.#lookup(name, { all: true }, (error, addresses) => {
        this.#pending = undefined;
        this.#failure = error === null ? undefined : { error, tookMs: monotonicMs() - start };
        if (error !== null) return reject(error);
        this.#known = addresses;
        resolve(addresses);
      });
    });
  }
}

/**
 * Limits the duration of a DNS lookup that gets no answer, because a process cannot exit during a
 * lookup. By default, glibc asks each of up to three name servers twice, for 5 seconds, and repeats
 * this for each search domain. With the limits, glibc asks each server once. If that fails, the
 * next attempt of the request starts a new lookup.
 *
 * With one, two or three dead servers, a lookup takes at most 2, 4 or 5 seconds. With a budget
 * below `SHORT_BUDGET_LIMIT_MS`, it takes at most 1, 2 or 3 seconds. A search domain doubles this
 * time. For JumpCloud's names, search domains are switched off.
 *
 * The limits are environment variables, which glibc reads at the first lookup. Other systems ignore
 * them: musl stops after 5 seconds by default, and macOS has no limit.
 */
export function limitLookupTime(
  host: string,
  timeoutMs: number,
  environment: NodeJS.ProcessEnv,
): void {
  const given = environment['RES_OPTIONS'] ?? '';
  // glibc uses the last value of a repeated option. The smallest of all values is added as the last
  // one, so that a stricter limit of the user stays in effect.
  const atMost = (name: string, limit: number) => {
    const values = [...given.matchAll(new RegExp(`\\b${name}:(\\d+)`, 'g'))].map(([, n]) =>
      Number(n),
    );
    return `${name}:${Math.min(limit, ...values)}`;
  };
  const serverTimeout =
    timeoutMs < SHORT_BUDGET_LIMIT_MS ? NAME_SERVER_TIMEOUT_S.short : NAME_SERVER_TIMEOUT_S.usual;
  environment['RES_OPTIONS'] =
    `${given} ${atMost('attempts', 1)} ${atMost('timeout', serverTimeout)}`.trimStart();
  // `..` is an invalid search domain, for which glibc sends no query. With an empty list of search
  // domains, glibc would look up the name twice.
  if (host.endsWith('.jumpcloud.com')) environment['LOCALDOMAIN'] = '..';
}
