import {
  checkPresence,
  type DeleteOutcome,
  deleteSystem,
  type MissingOrDenied,
} from '../../api/systems.ts';
import { NotApplied, Unauthorized } from '../../base/errors.ts';
import { mayHaveTakenEffect } from '../../base/interrupted.ts';
import { monotonicMs } from '../../base/monotonic-clock.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { awaitRecordGone } from './await-record-gone.ts';
import type { RemovedObject } from './removal-base.ts';
import type { RemovalFiles } from './removal-files.ts';
import { type DeleteHistory, unprovenRemovalError } from './unproven-removal.ts';

const RUN_AGAIN_ADVICE = 'Run again. If this persists, ask JumpCloud.';

/**
 * Removes this host's record. The caller holds the lock, so that no other run writes at the same
 * time.
 */
export class RecordRemoval {
  readonly #run: Run;
  readonly #session: HostSession;
  readonly #files: RemovalFiles;
  readonly #purge: boolean;
  #removed: readonly RemovedObject[] = [];

  constructor(run: Run, session: HostSession, files: RemovalFiles, purge: boolean) {
    this.#run = run;
    this.#session = session;
    this.#files = files;
    this.#purge = purge;
  }

  /** The objects that this run has removed so far. */
  get removed(): readonly RemovedObject[] {
    return this.#removed;
  }

  /**
   * Deletes the record and verifies that it is gone. If another run has already started the
   * removal, completes that removal instead.
   */
  async removeRecord(absence: MissingOrDenied | undefined): Promise<void> {
    // Read again, because the files may have changed while this run waited for the lock. Another
    // run may have removed the record, or may have removed the marker of a DELETE without effect.
    const { isMarked, isRemoved } = this.#files.read();
    if (isRemoved) this.#files.removeMarker();
    else if (absence !== undefined)
      this.#requireProofAndWriteTombstone(absence, isMarked ? 'lost' : 'none');
    else if (isMarked) await this.#deleteAgainIfPresent();
    else await this.#delete();
  }

  /**
   * Completes a removal whose DELETE got no answer. If the record still exists, that DELETE had no
   * effect: removes its marker, and deletes the record again.
   */
  async #deleteAgainIfPresent(): Promise<void> {
    const presence = await checkPresence(this.#session);
    if (!presence.isThere) return this.#requireProofAndWriteTombstone(presence, 'lost');
    this.#files.removeInvalidMarker(this.#run);
    await this.#delete();
  }

  async #delete(): Promise<void> {
    const deletion = await this.#send();
    switch (deletion.outcome) {
      case 'refused':
        this.#files.removeInvalidMarker(this.#run);
        throw deletion.error;
      case 'denied': {
        this.#files.removeInvalidMarker(this.#run);
        const presence = await checkPresence(this.#session);
        if (presence.isThere) throw this.#deniedError();
        return this.#requireProofAndWriteTombstone(presence, 'denied');
      }
      default:
        return this.#confirmDeletion(deletion.outcome);
    }
  }

  async #send(): Promise<DeleteOutcome> {
    this.#files.writeMarker();
    try {
      return await deleteSystem(this.#session);
    } catch (error) {
      if (!mayHaveTakenEffect(error)) this.#files.removeInvalidMarker(this.#run);
      throw error;
    }
  }

  /** Waits until the record is gone, and then writes the tombstone. */
  async #confirmDeletion(outcome: 'answered' | 'lost'): Promise<void> {
    const { systemId } = this.#session.identity;
    this.#removed = [{ type: 'system', id: systemId }];
    const recordDeletion = () => this.#run.report.recordWrite({ op: 'delete', type: 'system' });
    if (outcome === 'answered') recordDeletion();
    const sentAt = monotonicMs();
    const deletion =
      outcome === 'answered'
        ? `JumpCloud answered that system ${systemId} was deleted`
        : `The answer to the DELETE of system ${systemId} was lost`;
    const absence = await awaitRecordGone(this.#session, this.#run, deletion);
    if (absence !== undefined && (outcome === 'answered' || absence.isClockRuledOut)) {
      if (outcome === 'lost') recordDeletion();
      this.#files.writeTombstone(this.#run);
      return;
    }
    this.#removed = [];
    if (absence !== undefined) return this.#requireProofAndWriteTombstone(absence, 'lost');
    this.#files.removeInvalidMarker(this.#run);
    const seconds = Math.round((monotonicMs() - sentAt) / 1000);
    throw new NotApplied([
      `${deletion}. The record still exists ${seconds} s later. The host keeps its key.`,
      RUN_AGAIN_ADVICE,
    ]);
  }

  /**
   * Writes the tombstone if it is proven that the record is gone. Otherwise, throws if this run
   * needs the proof.
   */
  #requireProofAndWriteTombstone(absence: MissingOrDenied, history: DeleteHistory): void {
    if (history === 'lost' && absence.isClockRuledOut) {
      this.#files.writeTombstone(this.#run);
      return;
    }
    const failure = unprovenRemovalError(this.#session, absence, history, this.#purge);
    if (failure !== undefined) throw failure;
  }

  #deniedError(): Unauthorized {
    this.#files.removeInvalidMarker(this.#run);
    return new Unauthorized([
      `Could not delete the record of system ${this.#session.identity.systemId}: JumpCloud denied the DELETE, but still shows the record to this host. The host keeps its key.`,
      RUN_AGAIN_ADVICE,
    ]);
  }
}
