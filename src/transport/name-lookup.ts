import { type LookupAddress, lookup } from 'node:dns';
import { monotonicMs } from '../monotonic-clock.ts';

/** How long a process may live beyond its budget because of a lookup. */
const GRACE_MS = 500;
/** What a lookup takes at most where it can be bounded. */
const LONGEST_LOOKUP_MS = 10_000;

/** Gets a host's addresses. */
type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** Looks up the addresses of a host by its name. */
export type NameLookup = (name: string, found: Found) => void;

/**
 * Looks up one host's name, for a run that has so much time left. A process cannot end while a lookup
 * is under way. So requests at the same time share one; none is begun that would outlast the run if
 * it took as long as the last; and towards the end the addresses that are known have to do.
 */
export function nameLookup(
  remainingMs: () => number,
  ask: (name: string, options: { all: true }, found: Found) => void = lookup,
): NameLookup {
  let waiting: Found[] | undefined;
  let known: LookupAddress[] | undefined;
  let failure: { error: NodeJS.ErrnoException; tookMs: number } | undefined;

  return (name, found) => {
    if (waiting !== undefined) {
      waiting.push(found);
      return;
    }
    const leftMs = remainingMs();
    if (known !== undefined && leftMs < LONGEST_LOOKUP_MS) return found(null, known);
    if (failure !== undefined && failure.tookMs > leftMs + GRACE_MS) {
      return found(failure.error, []);
    }
    waiting = [found];
    const start = monotonicMs();
    ask(name, { all: true }, (error, addresses) => {
      const all = waiting ?? [];
      waiting = undefined;
      if (error === null) known = addresses;
      failure = error === null ? undefined : { error, tookMs: monotonicMs() - start };
      for (const each of all) each(error, addresses);
    });
  };
}
