import { type LookupAddress, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/** How long a process may live beyond its budget because of a lookup. */
const GRACE_MS = 500;
/** What a lookup takes at most where it can be bounded. */
const MAX_LOOKUP_MS = 10_000;

/** In seconds: how long the system's resolver waits for one server, in a short run and in any other. */
const PATIENCE_S = { short: 1, usual: 2 };
const SHORT_RUN_MS = 10_000;

type Lookup = (
  name: string,
  options: { all: true },
  found: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks up one host's name, for a run that has a limited time left. A process cannot end while a lookup
 * is under way. Therefore parallel requests share one; none is started that would last longer than the
 * run if it took as long as the last one; and towards the end the known addresses are used.
 */
export class Resolver {
  readonly #remainingMs: () => number;
  readonly #ask: Lookup;
  #underWay: Promise<LookupAddress[]> | undefined;
  #known: LookupAddress[] | undefined;
  #failure: { readonly error: NodeJS.ErrnoException; readonly tookMs: number } | undefined;

  constructor(remainingMs: () => number, ask: Lookup = lookup) {
    this.#remainingMs = remainingMs;
    this.#ask = ask;
  }

  /** Returns the addresses of a host, given by its name or address. */
  async addressesOf(host: string): Promise<LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    if (this.#underWay !== undefined) return this.#underWay;
    const leftMs = this.#remainingMs();
    if (this.#known !== undefined && leftMs < MAX_LOOKUP_MS) return this.#known;
    if (this.#failure !== undefined && this.#failure.tookMs > leftMs + GRACE_MS) {
      throw this.#failure.error;
    }
    this.#underWay = this.#lookUp(host);
    return this.#underWay;
  }

  #lookUp(name: string): Promise<LookupAddress[]> {
    const start = monotonicMs();
    return new Promise((resolve, reject) => {
      this.#ask(name, { all: true }, (error, addresses) => {
        this.#underWay = undefined;
        this.#failure = error === null ? undefined : { error, tookMs: monotonicMs() - start };
        if (error !== null) return reject(error);
        this.#known = addresses;
        resolve(addresses);
      });
    });
  }
}

/**
 * Bounds how long the system looks for a host's name when no name server answers. A process cannot
 * end before that, and by default glibc asks each of up to three servers twice for 5 seconds, and
 * all that again with a domain to search. Here it asks once, as every attempt asks anew: of one, two
 * or three dead servers a lookup takes 2, 4 or 5 seconds at most, in a short run 1, 2 or 3. With a
 * domain to search it is twice that, but JumpCloud's own names are complete and not searched for.
 *
 * glibc reads these variables with the first lookup. Others do not: musl gives up after 5 seconds by
 * itself; macOS is not bounded.
 */
export function limitLookupTime(
  host: string,
  timeoutMs: number,
  environment: NodeJS.ProcessEnv,
): void {
  const given = environment['RES_OPTIONS'] ?? '';
  // Of an option given twice the last counts. One that is stricter already stays.
  const atMost = (name: string, most: number) => {
    const values = [...given.matchAll(new RegExp(`\\b${name}:(\\d+)`, 'g'))].map(([, n]) =>
      Number(n),
    );
    return `${name}:${Math.min(most, ...values)}`;
  };
  const patience = timeoutMs < SHORT_RUN_MS ? PATIENCE_S.short : PATIENCE_S.usual;
  environment['RES_OPTIONS'] =
    `${given} ${atMost('attempts', 1)} ${atMost('timeout', patience)}`.trimStart();
  // No domain can be called that, so glibc asks nobody. An empty list would ask for the name twice.
  if (host.endsWith('.jumpcloud.com')) environment['LOCALDOMAIN'] = '..';
}
