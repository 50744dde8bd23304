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

/** A lock lasts this much longer than its run is planned, because a run may end late. In milliseconds. */
const LOCK_GRACE_MS = 2000;

/** The content of a lock file. */
export interface Lock extends ProcessIdentity {
  /** Unique to this lock. */
  readonly id: string;
  /** The time when the lock was taken and the time when it ends at the latest, in milliseconds of the monotonic clock. */
  readonly from: number;
  readonly until: number;
}

/** A lock file on disk; `lock` is missing when its content is broken. */
interface LockOnDisk {
  readonly id: string;
  readonly lock?: Lock;
}

/** `taken`, or the state of the process that holds the lock. */
export type LockAttempt = 'taken' | Exclude<ProcessState, 'dead'>;

/** Returns a lock of this process, to be held for at most `durationMs` milliseconds. */
export function newLock(durationMs: number): Lock {
  const from = Math.floor(monotonicMs());
  const until = from + Math.ceil(Math.max(durationMs, 0)) + LOCK_GRACE_MS;
  return { ...thisProcess(), id: randomName(), from, until };
}

/**
 * Takes a lock, or takes it over from a process that died while holding it. Throws what the file
 * system throws.
 *
 * Two runs that find the same dead lock must not both take it over: the second would take it from
 * the first. To take a lock over, a run must first hold another lock, named after the dead one. It
 * then checks that the dead lock is still there, and replaces it.
 */
export function takeLock(path: string, own: Lock): LockAttempt {
  if (createFile(path, JSON.stringify(own))) return 'taken';
  const found = readLock(path);
  // The lock was released in the meantime. The next attempt takes it, or finds another holder.
  if (found === undefined) return 'alive';
  const state = holderState(found);
  if (state !== 'dead') return state;
  const takeover = `${path}.${found.id}`;
  const attempt = takeLock(takeover, own);
  if (attempt !== 'taken') return attempt;
  try {
    if (readLock(path)?.id !== found.id) return 'alive';
    replaceFile(path, JSON.stringify(own));
  } finally {
    releaseLock(takeover, own);
  }
  removeDeadTakeovers(path);
  return 'taken';
}

/** Removes a lock, unless another process has taken it over. */
export function releaseLock(path: string, own: Lock): void {
  if (readLock(path)?.id === own.id) removeFile(path);
}

/** Removes a lock whose process has died; keeps any other. */
export function removeDeadLock(path: string): void {
  const found = readLock(path);
  if (found === undefined || holderState(found) !== 'dead') return;
  const own = newLock(0);
  try {
    if (takeLock(path, own) === 'taken') releaseLock(path, own);
  } catch {
    // The directory is not writable. The next run that needs the lock takes it over.
  }
}

/** Returns the lock at a path; undefined when there is none, or a broken one. */
export function readLockHolder(path: string): Lock | undefined {
  return readLock(path)?.lock;
}

function readLock(path: string): LockOnDisk | undefined {
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
 * Returns the state of the process that holds a lock. A process that cannot be seen (in another
 * container, or without /proc) counts as dead when the time of its lock is over. That time is
 * measured with the monotonic clock, which starts at boot and is never set.
 */
function holderState({ lock }: LockOnDisk): ProcessState {
  if (lock === undefined) return 'dead';
  const state = processState(lock);
  const now = monotonicMs();
  const isOver = now < lock.from || now > lock.until;
  return state === 'unknown' && isOver ? 'dead' : state;
}

/**
 * Removes the takeover locks of processes that died while they took this lock over. Only the holder
 * of this lock may do so. A takeover lock is named after a dead lock, which cannot come back once
 * there is a new holder.
 */
function removeDeadTakeovers(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    const lock = name.startsWith(prefix) ? parseLock(file) : undefined;
    if (lock !== undefined && processState(lock) === 'dead') removeFile(file);
  }
}
