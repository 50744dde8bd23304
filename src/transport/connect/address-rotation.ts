import type { LookupAddress } from 'node:dns';
import { monotonicMs } from '../../base/monotonic-clock.ts';

/**
 * The maximum timeout for connecting to any address except the last one, in milliseconds. Node's
 * default of a quarter of a second is too short for a distant address.
 */
const MAX_ADDRESS_TIMEOUT_MS = 2500;

/**
 * Orders the addresses of a name, and limits the time for each. Addresses that have not failed come
 * first. The others follow in the order of their latest failure, oldest first. Times in
 * milliseconds.
 */
export class AddressRotation {
  /** The timeout for connecting to the last address. */
  readonly timeoutMs: number;
  /** The timeout for connecting to each address before the last one. */
  readonly perAddressMs: number;
  /** The failed addresses, ordered by their latest failure. */
  readonly #failed = new Set<string>();
  /** The address of the latest connection, and the time of its start. */
  #latest: { readonly address: string; readonly since: number } | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.perAddressMs = Math.min(timeoutMs / 4, MAX_ADDRESS_TIMEOUT_MS);
  }

  /** Sorts addresses into the order in which they are tried. */
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
   * Marks the address of the latest connection as failed. Ignores a timeout shortly after the
   * connection was made, because the address accepted the connection.
   */
  markAttemptFailed({ timedOut }: { timedOut: boolean }): void {
    if (this.#latest === undefined) return;
    const { address, since } = this.#latest;
    if (timedOut && monotonicMs() - since < this.perAddressMs) return;
    this.#latest = undefined;
    this.markFailed(address);
  }
}
