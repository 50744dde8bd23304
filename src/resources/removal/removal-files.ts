import { keyFingerprint } from '../../agent/key-fingerprint.ts';
import { hasMarker, type Marker, removeMarker, writeMarker } from '../../agent/marker.ts';
import { hasTombstone, writeTombstone } from '../../agent/tombstone.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';

/** The progress of earlier removals, as recorded in the marker file and the tombstone. */
export interface RemovalHistory {
  /**
   * Whether there is a marker: a run has sent a DELETE, or was about to, and no answer has refused
   * it.
   */
  readonly isMarked: boolean;
  /** Whether there is a tombstone: a run has verified that the record is gone. */
  readonly isRemoved: boolean;
}

/** Reads and writes the marker file and the tombstone, which record a removal for later runs. */
export class RemovalFiles {
  readonly #agentDir: string;
  readonly #marker: Marker;

  constructor({ identity, origin }: HostSession) {
    const { systemId, agentDir, privateKey } = identity;
    this.#agentDir = agentDir;
    this.#marker = { system_key: systemId, api_url: origin, key: keyFingerprint(privateKey) };
  }

  /**
   * Reads the marker, then the tombstone. The order matters: another run writes its tombstone
   * before it removes its marker.
   */
  read(): RemovalHistory {
    const isMarked = hasMarker(this.#agentDir, this.#marker);
    return { isMarked, isRemoved: hasTombstone(this.#agentDir, this.#marker.system_key) };
  }

  writeMarker(): void {
    try {
      writeMarker(this.#agentDir, this.#marker);
    } catch {
      // A missing marker matters only if this run crashes: the next run then cannot prove that the
      // record is gone.
    }
  }

  removeMarker(): void {
    removeMarker(this.#agentDir);
  }

  /**
   * Removes the marker after a DELETE without effect. If the marker stayed, a later 401 would count
   * as proof that the record is gone.
   */
  removeInvalidMarker(run: Run): void {
    if (!hasMarker(this.#agentDir, this.#marker) || removeMarker(this.#agentDir)) return;
    run.report.warn(
      `The marker file .removing-from-jumpcloud in ${this.#agentDir} could not be deleted. It is no longer valid, because JumpCloud did not remove the record. Delete the marker file by hand.`,
    );
  }

  /** Replaces the marker with the tombstone. */
  writeTombstone(run: Run): void {
    try {
      writeTombstone(this.#agentDir, this.#marker.system_key);
      removeMarker(this.#agentDir);
    } catch (error) {
      run.report.warn(
        `The tombstone, which records that this host was removed, could not be written in ${this.#agentDir} (${(error as NodeJS.ErrnoException).code}). Without the tombstone, later runs still send requests, and may fail with the code unauthorized. This ends when the agent registers again.`,
      );
    }
  }
}
