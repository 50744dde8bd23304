import { keyFingerprint } from '../../agent/key-fingerprint.ts';
import { hasMarker, type Marker, removeMarker, writeMarker } from '../../agent/marker.ts';
import { hasTombstone, writeTombstone } from '../../agent/tombstone.ts';
import { type Absence, type Deletion, deleteSystem, lookUpSystem } from '../../api/systems.ts';
import { Interrupted, ModuleError, NotApplied, Unauthorized } from '../../errors.ts';
import { monotonicMs } from '../../monotonic-clock.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { awaitAbsence } from './await-absence.ts';
import type { Removed } from './target.ts';
import { type Sent, withoutProof } from './without-proof.ts';

/** Returns the marker of a DELETE that this host sends. */
export function markerOf({ identity, origin }: HostSession): Marker {
  const { systemId, privateKey } = identity;
  return { system_key: systemId, api_url: origin, key: keyFingerprint(privateKey) };
}

/** The removal of this host's record, while no other run writes. */
export class RecordRemoval {
  readonly #run: Run;
  readonly #session: HostSession;
  readonly #purge: boolean;
  readonly #tell: (removed: readonly Removed[]) => void;
  readonly #marker: Marker;

  constructor(
    run: Run,
    session: HostSession,
    purge: boolean,
    tell: (removed: readonly Removed[]) => void,
  ) {
    this.#run = run;
    this.#session = session;
    this.#purge = purge;
    this.#tell = tell;
    this.#marker = markerOf(session);
  }

  get #agentDir(): string {
    return this.#session.identity.agentDir;
  }

  /** Deletes the record and verifies that it is gone, or completes what another run started. */
  async complete(found: 'present' | Absence): Promise<readonly Removed[]> {
    // The run that held the lock before may have removed the system, or was refused.
    if (hasTombstone(this.#agentDir, this.#session.identity.systemId)) {
      removeMarker(this.#agentDir);
      return [];
    }
    const isMarked = hasMarker(this.#agentDir, this.#marker);
    if (found !== 'present') return this.#conclude(found, isMarked ? 'lost' : 'none');
    return this.#delete(isMarked);
  }

  async #delete(isMarked: boolean): Promise<readonly Removed[]> {
    const deletion = await this.#send();
    switch (deletion.outcome) {
      case 'refused':
        this.#void();
        throw deletion.error;
      case 'denied': {
        if (!isMarked) this.#void();
        const seen = await lookUpSystem(this.#session);
        if (seen.isThere) throw this.#isDenied();
        return this.#conclude(seen, isMarked ? 'lost' : 'denied');
      }
      default:
        return this.#verify(deletion.outcome);
    }
  }

  async #send(): Promise<Deletion> {
    try {
      writeMarker(this.#agentDir, this.#marker);
    } catch {
      // Without it a crash would cost the next run its proof, and nothing else.
    }
    try {
      return await deleteSystem(this.#session);
    } catch (error) {
      const mayBeDone =
        !(error instanceof ModuleError) || error instanceof Interrupted || error.inDoubt;
      if (!mayBeDone) this.#void();
      throw error;
    }
  }

  /** Waits until the record is gone. */
  async #verify(outcome: 'answered' | 'lost'): Promise<readonly Removed[]> {
    const { systemId } = this.#session.identity;
    const removed = [{ type: 'system', id: systemId }];
    this.#tell(removed);
    const sentAt = monotonicMs();
    const what =
      outcome === 'answered'
        ? `JumpCloud answered that system ${systemId} was deleted`
        : `The answer to deleting system ${systemId} was lost`;
    const absence = await awaitAbsence(this.#session, this.#run, what);
    if (absence !== undefined && (outcome === 'answered' || absence.isTimed)) {
      this.#leaveTombstone();
      return removed;
    }
    this.#tell([]);
    if (absence !== undefined) return this.#conclude(absence, 'lost');
    this.#void();
    const seconds = Math.round((monotonicMs() - sentAt) / 1000);
    throw new NotApplied(
      `${what}, but its record is still there ${seconds} s later. The host keeps its key. Run again, and ask JumpCloud if it stays so.`,
    );
  }

  /** Completes a removal whose DELETE got no answer, or fails. */
  #conclude(absence: Absence, sent: Sent): readonly Removed[] {
    if (sent === 'lost' && absence.isTimed) {
      this.#leaveTombstone();
      return [];
    }
    const failure = withoutProof(this.#session, absence, sent, this.#purge);
    if (failure !== undefined) throw failure;
    return [];
  }

  #isDenied(): Unauthorized {
    this.#void();
    return new Unauthorized(
      `Could not delete the record of system ${this.#session.identity.systemId}: JumpCloud denied the DELETE, but still shows the record to this host. The host keeps its key. Run again, and ask JumpCloud if it stays so.`,
    );
  }

  /** A marker that stayed would let a later 401 prove what it does not. */
  #void(): void {
    if (!hasMarker(this.#agentDir, this.#marker) || removeMarker(this.#agentDir)) return;
    this.#run.report.warn(
      `The marker of this removal, which was refused, could not be deleted in ${this.#agentDir}. Delete .removing-from-jumpcloud there by hand.`,
    );
  }

  #leaveTombstone(): void {
    const { systemId } = this.#session.identity;
    try {
      writeTombstone(this.#agentDir, systemId);
      removeMarker(this.#agentDir);
    } catch (error) {
      this.#run.report.warn(
        `The tombstone that says that this host was removed could not be left in ${this.#agentDir} (${(error as NodeJS.ErrnoException).code}). Until the agent registers again, another run has to ask JumpCloud again, and may fail as unauthorized instead of finding nothing to do.`,
      );
    }
  }
}
