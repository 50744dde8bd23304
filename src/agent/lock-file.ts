import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { monotonicMs } from '../base/monotonic-clock.ts';
import {
  findProcessState,
  identifyThisProcess,
  type ProcessIdentity,
  type ProcessState,
} from './process-identity.ts';
import { readStateFile } from './read-agent-file.ts';
import { createFile, makeRandomName, removeFile, replaceFile } from './write-file-atomic.ts';

/**
 * How long a lock stays valid after the planned end of the run that holds it, in milliseconds. Runs
 * may end late.
 */
const LOCK_GRACE_MS = 2000;

/** The content of a lock file. */
export interface Lock extends ProcessIdentity {
  /** A random text that no other lock has. */
  readonly id: string;
  /** The time when the lock was prepared, in milliseconds of the monotonic clock. */
  readonly from: number;
  /** The time when the lock expires, in milliseconds of the monotonic clock. */
  readonly until: number;
}

/** A lock file as found on disk. `lock` is missing when the content of the file is broken. */
interface LockOnDisk {
  readonly id: string;
  readonly lock?: Lock;
}

/**
 * The outcome of an attempt to take a lock: `acquired`, or the state of the process that holds the
 * lock.
 */
export type LockOutcome = 'acquired' | Exclude<ProcessState, 'dead'>;

/**
 * Returns a lock that this process may hold for up to `durationMs` milliseconds. Writes no file.
 */
export function prepareLock(durationMs: number): Lock {
  const from = Math.floor(monotonicMs());
  const until = from + Math.ceil(Math.max(durationMs, 0)) + LOCK_GRACE_MS;
  return { ...identifyThisProcess(), id: makeRandomName(), from, until };
}

/**
 * Takes a lock, or takes over the lock of a process that died while holding it. Throws the errors
 * of the file system.
 *
 * Two runs that find the same dead lock must not both take it over, because the second would take
 * it from the first. A run therefore first takes a takeover lock, a file named after the dead lock.
 * It then checks that the dead lock still exists, and replaces it.
 */
export function takeLock(path: string, ownLock: Lock): LockOutcome {
  if (createFile(path, JSON.stringify(ownLock))) return 'acquired';
  const foundLock = readLock(path);
  // The lock was released in the meantime. After `alive`, `withLock` tries again.
  if (foundLock === undefined) return 'alive';
  const state = findHolderState(foundLock);
  if (state !== 'dead') return state;
  const takeoverPath = `${path}.${foundLock.id}`;
  const attempt = takeLock(takeoverPath, ownLock);
  if (attempt !== 'acquired') return attempt;
  try {
    if (readLock(path)?.id !== foundLock.id) return 'alive';
    replaceFile(path, JSON.stringify(ownLock));
  } finally {
    releaseLock(takeoverPath, ownLock);
  }
  removeDeadTakeoverLocks(path);
  return 'acquired';
}

/** Removes this process's lock, unless another process has taken the lock over. */
export function releaseLock(path: string, ownLock: Lock): void {
  if (readLock(path)?.id === ownLock.id) removeFile(path);
}

/** Removes a lock if the process that held it has died. */
export function removeStaleLock(path: string): void {
  const found = readLock(path);
  if (found === undefined || findHolderState(found) !== 'dead') return;
  const ownLock = prepareLock(0);
  try {
    if (takeLock(path, ownLock) === 'acquired') releaseLock(path, ownLock);
  } catch {
    // The directory is not writable, so the dead process's lock stays. A later run that can write
    // there takes it over.
  }
}

/** Returns the lock at a path; undefined when the file is missing or broken. */
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
 * Returns the state of the process that holds a lock. Sometimes the process cannot be seen: it runs
 * in another container, or the system has no /proc. It then counts as dead once its lock has
 * expired. The expiry is measured with the monotonic clock, which starts at boot and is never set.
 */
function findHolderState({ lock }: LockOnDisk): ProcessState {
  if (lock === undefined) return 'dead';
  const state = findProcessState(lock);
  const now = monotonicMs();
  const hasExpired = now < lock.from || now > lock.until;
  return state === 'unknown' && hasExpired ? 'dead' : state;
}

/**
 * Removes the takeover locks of processes that died during a takeover. Only the holder of the main
 * lock may call this function. A takeover lock is named after the dead main lock that was to be
 * taken over. The caller's lock has replaced that main lock, so no process needs the takeover lock
 * any more.
 */
function removeDeadTakeoverLocks(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    const lock = name.startsWith(prefix) ? parseLock(file) : undefined;
    if (lock !== undefined && findProcessState(lock) === 'dead') removeFile(file);
  }
}
