import type { LookupAddress } from 'node:dns';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/**
 * The longest time for one of several addresses. Node's default of a quarter of a second is too
 * short for a distant address.
 */
const MAX_PER_ADDRESS_MS = 2500;

/**
 * The order in which the addresses of a name are tried, and the time for each. Addresses that have
 * not failed come first, then those whose failure is the longest ago. Times in milliseconds.
 */
export class AddressRotation {
  /** The time for the last address. */
  readonly timeoutMs: number;
  /** The time for any other address. */
  readonly perAddressMs: number;
  /** The addresses that failed, the latest failure last. */
  readonly #failed = new Set<string>();
  /** The address of the latest connection, and the time it was established. */
  #latest: { readonly address: string; readonly since: number } | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.perAddressMs = Math.min(timeoutMs / 4, MAX_PER_ADDRESS_MS);
  }

  /** Returns the addresses in the order in which to try them. */
  order(addresses: readonly LookupAddress[]): LookupAddress[] {
    const failed = [...this.#failed];
    const rank = ({ address }: LookupAddress) => failed.indexOf(address);
    return [...addresses].sort((a, b) => rank(a) - rank(b));
  }

  markConnected(address: string): void {
    this.#latest = { address, since: monotonicMs() };
  }

  markFailed(address: string): void {
    this.#failed.delete(address);
    this.#failed.add(address);
  }

  /**
   * Counts a failed attempt as a failure of the latest connection's address. An address that was
   * connected only shortly before the attempt timed out has not failed.
   */
  markAttemptFailed({ timedOut }: { timedOut: boolean }): void {
    if (this.#latest === undefined) return;
    const { address, since } = this.#latest;
    if (timedOut && monotonicMs() - since < this.perAddressMs) return;
    this.#latest = undefined;
    this.markFailed(address);
  }
}
