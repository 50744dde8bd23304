import { keyFingerprint } from '../../agent/key-fingerprint.ts';
import { hasMarker, type Marker, removeMarker, writeMarker } from '../../agent/marker.ts';
import { hasTombstone, writeTombstone } from '../../agent/tombstone.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';

/** What the files of this host say of the removal of its record. */
export interface RemovalHistory {
  /** Whether a DELETE was sent, or was about to be, and no answer has refused it. */
  readonly isMarked: boolean;
  /** Whether the record was seen to be gone. */
  readonly isRemoved: boolean;
}

/** The marker file and the tombstone in the agent's directory, which runs leave to later ones. */
export class RemovalFiles {
  readonly #agentDir: string;
  readonly #marker: Marker;

  constructor({ identity, origin }: HostSession) {
    const { systemId, agentDir, privateKey } = identity;
    this.#agentDir = agentDir;
    this.#marker = { system_key: systemId, api_url: origin, key: keyFingerprint(privateKey) };
  }

  /** Reads both. Another run leaves its tombstone before it removes its marker. */
  read(): RemovalHistory {
    const isMarked = hasMarker(this.#agentDir, this.#marker);
    return { isMarked, isRemoved: hasTombstone(this.#agentDir, this.#marker.system_key) };
  }

  writeMarker(): void {
    try {
      writeMarker(this.#agentDir, this.#marker);
    } catch {
      // Without it a crash would cost the next run its proof, and nothing else.
    }
  }

  removeMarker(): void {
    removeMarker(this.#agentDir);
  }

  /** Removes the marker of a DELETE that was refused: it would let a later 401 prove what it does not. */
  voidMarker(run: Run): void {
    if (!hasMarker(this.#agentDir, this.#marker) || removeMarker(this.#agentDir)) return;
    run.report.warn(
      `The marker of this removal, which was refused, could not be deleted in ${this.#agentDir}. Delete .removing-from-jumpcloud there by hand.`,
    );
  }

  /** Replaces the marker by the tombstone. */
  writeTombstone(run: Run): void {
    try {
      writeTombstone(this.#agentDir, this.#marker.system_key);
      removeMarker(this.#agentDir);
    } catch (error) {
      run.report.warn(
        `The tombstone that says that this host was removed could not be left in ${this.#agentDir} (${(error as NodeJS.ErrnoException).code}). Until the agent registers again, another run has to ask JumpCloud again, and may fail as unauthorized instead of finding nothing to do.`,
      );
    }
  }
}
