import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { monotonicMs } from '../base/monotonic-clock.ts';
import {
  type ProcessIdentity,
  type ProcessState,
  processState,
  thisProcess,
} from './process-identity.ts';
import { readStateFile } from './read-agent-file.ts';
import { createFile, randomName, removeFile, replaceFile } from './write-file-atomic.ts';

/** Added to the time that a lock is taken for: a run may end late. In milliseconds. */
const GRACE_MS = 2000;

/** What a lock file says. */
export interface Lock extends ProcessIdentity {
  /** No two locks have the same. */
  readonly id: string;
  /** When it was taken and when it ends at the latest, in milliseconds of the monotonic clock. */
  readonly from: number;
  readonly until: number;
}

/** What was found where a lock file may be: one that is broken has no holder. */
interface FoundLock {
  readonly id: string;
  readonly lock?: Lock;
}

/** Whether a lock was taken, or what is known of the process that holds it. */
export type LockAttempt = 'taken' | Exclude<ProcessState, 'dead'>;

/** Returns a lock of this process, to be held for at most `forMs` milliseconds. */
export function newLock(forMs: number): Lock {
  const from = Math.floor(monotonicMs());
  const until = from + Math.ceil(Math.max(forMs, 0)) + GRACE_MS;
  return { ...thisProcess(), id: randomName(), from, until };
}

/**
 * Takes a lock, also from a process that died with it. Throws what the file system throws.
 *
 * Two runs that find the same dead lock must not both take it over: the second would take it from
 * the first. So a run has to hold a second lock, named after the dead one, while it compares what is
 * there with what it has judged, and replaces it.
 */
export function takeLock(path: string, own: Lock): LockAttempt {
  if (createFile(path, JSON.stringify(own))) return 'taken';
  const found = readLock(path);
  // Released since: the next try gets it, or finds who was faster.
  if (found === undefined) return 'alive';
  const standing = holderState(found);
  if (standing !== 'dead') return standing;
  const takeover = `${path}.${found.id}`;
  const claimed = takeLock(takeover, own);
  if (claimed !== 'taken') return claimed;
  try {
    if (readLock(path)?.id !== found.id) return 'alive';
    replaceFile(path, JSON.stringify(own));
  } finally {
    releaseLock(takeover, own);
  }
  removeDeadTakeovers(path);
  return 'taken';
}

/** Removes a lock, unless another process holds it by now. */
export function releaseLock(path: string, own: Lock): void {
  if (readLock(path)?.id === own.id) removeFile(path);
}

/** Removes a lock that a process died with. */
export function removeDeadLock(path: string): void {
  const found = readLock(path);
  if (found === undefined || holderState(found) !== 'dead') return;
  const own = newLock(0);
  try {
    if (takeLock(path, own) === 'taken') releaseLock(path, own);
  } catch {
    // The directory cannot be written. The next run that needs the lock judges it again.
  }
}

/** Returns the process that a lock names; undefined when there is no lock, or a broken one. */
export function holderOf(path: string): Lock | undefined {
  return readLock(path)?.lock;
}

function readLock(path: string): FoundLock | undefined {
  const lock = parseLock(path);
  if (lock !== undefined) return { id: lock.id, lock };
  try {
    const { ino, ctimeNs } = lstatSync(path, { bigint: true });
    return { id: `broken-${ino}-${ctimeNs}` };
  } catch {
    return undefined;
  }
}

function parseLock(path: string): Lock | undefined {
  const lock = readStateFile(path) as unknown as Lock;
  const isWord = (value: unknown) => typeof value === 'string' && /^\w*$/.test(value);
  const isValid =
    [lock.id, lock.start, lock.namespace, lock.boot].every(isWord) &&
    [lock.pid, lock.from, lock.until].every(Number.isInteger) &&
    lock.id !== '' &&
    lock.pid > 0;
  return isValid ? lock : undefined;
}

/**
 * A process that cannot be seen (in another container, or where there is no /proc) has at most the
 * time that it took its lock for. The monotonic clock starts with the boot and nothing sets it.
 */
function holderState({ lock }: FoundLock): ProcessState {
  if (lock === undefined) return 'dead';
  const standing = processState(lock);
  const now = monotonicMs();
  const isOver = now < lock.from || now > lock.until;
  return standing === 'unknown' && isOver ? 'dead' : standing;
}

/**
 * Removes the second locks of processes that died while they took this lock over. Only the holder of
 * this lock may: the locks that they are named after cannot come back then.
 */
function removeDeadTakeovers(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    const lock = name.startsWith(prefix) ? parseLock(file) : undefined;
    if (lock !== undefined && processState(lock) === 'dead') removeFile(file);
  }
}
