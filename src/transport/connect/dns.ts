import { type LookupAddress, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/** The longest time that a lookup may keep the process alive beyond its budget, in milliseconds. */
const LOOKUP_GRACE_MS = 500;
/** The longest time that a lookup takes where it can be limited, in milliseconds. */
const MAX_LOOKUP_MS = 10_000;

/**
 * The time that the system's resolver waits for one name server, in seconds: in a short run, and in
 * any other.
 */
const SERVER_TIMEOUT_S = { short: 1, usual: 2 };
const SHORT_RUN_MS = 10_000;

type Lookup = (
  name: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks up a host's name within the time left. A process cannot end while a lookup is under way.
 * Therefore parallel requests share one lookup, and near the end of the budget known addresses are
 * used. After a failed lookup, another one is started only if it fits into the budget even if it
 * takes as long.
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
 * Limits the time of a lookup when no name server answers, because a process cannot end during a
 * lookup. By default glibc asks each of up to three servers twice, for 5 seconds, and repeats this
 * for each search domain. Here it asks each server once, because every attempt of a request asks
 * again.
 *
 * With one, two or three dead servers, a lookup takes at most 2, 4 or 5 seconds; in a short run 1,
 * 2 or 3. A search domain doubles that; for JumpCloud's own names, which are complete, it is
 * switched off.
 *
 * glibc reads these variables at the first lookup. Other systems ignore them: musl stops after 5
 * seconds by default; macOS has no limit.
 */
export function limitLookupTime(
  host: string,
  timeoutMs: number,
  environment: NodeJS.ProcessEnv,
): void {
  const given = environment['RES_OPTIONS'] ?? '';
  // If an option is repeated, glibc uses the last value. A stricter given value is kept.
  const atMost = (name: string, limit: number) => {
    const values = [...given.matchAll(new RegExp(`\\b${name}:(\\d+)`, 'g'))].map(([, n]) =>
      Number(n),
    );
    return `${name}:${Math.min(limit, ...values)}`;
  };
  const serverTimeout = timeoutMs < SHORT_RUN_MS ? SERVER_TIMEOUT_S.short : SERVER_TIMEOUT_S.usual;
  environment['RES_OPTIONS'] =
    `${given} ${atMost('attempts', 1)} ${atMost('timeout', serverTimeout)}`.trimStart();
  // `..` is no valid domain, so glibc sends no query. With an empty list, glibc would look the name
  // up twice.
  if (host.endsWith('.jumpcloud.com')) environment['LOCALDOMAIN'] = '..';
}
