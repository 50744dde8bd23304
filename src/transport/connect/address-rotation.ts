import type { LookupAddress } from 'node:dns';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/**
 * The most that one of several addresses gets. A quarter of a second, as Node gives it, is too little
 * for one far away.
 */
const MAX_PER_ADDRESS_MS = 2500;

/**
 * The order in which the addresses of a name are dialled, and how long each may take: first those that
 * have not failed, then the one that failed longest ago. Times in milliseconds.
 */
export class AddressRotation {
  /** For the last of several addresses. */
  readonly timeoutMs: number;
  /** For any other. */
  readonly perAddressMs: number;
  /** The one that failed last is at the end. */
  readonly #failed = new Set<string>();
  /** The address of the latest connection, and since when there is one. */
  #latest: { readonly address: string; readonly since: number } | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.perAddressMs = Math.min(timeoutMs / 4, MAX_PER_ADDRESS_MS);
  }

  /** Returns the addresses in the order to dial them. */
  order(addresses: readonly LookupAddress[]): LookupAddress[] {
    const failed = [...this.#failed];
    const rank = ({ address }: LookupAddress) => failed.indexOf(address);
    return [...addresses].sort((a, b) => rank(a) - rank(b));
  }

  connected(address: string): void {
    this.#latest = { address, since: monotonicMs() };
  }

  failed(address: string): void {
    this.#failed.delete(address);
    this.#failed.add(address);
  }

  /**
   * Takes an attempt that failed on the network for a failure of the address it was made at. One that
   * was reached at the very end of an attempt that timed out has not failed.
   */
  attemptFailed({ timedOut }: { timedOut: boolean }): void {
    if (this.#latest === undefined) return;
    const { address, since } = this.#latest;
    if (timedOut && monotonicMs() - since < this.perAddressMs) return;
    this.#latest = undefined;
    this.failed(address);
  }
}
