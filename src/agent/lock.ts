import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalActionFailed } from '../errors.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pollUntil } from '../poll-until.ts';
import type { Run } from '../run.ts';
import { isAlive } from './is-alive.ts';
import { readFile } from './read-file.ts';

const LOCK = '.jumpcloud-system.lock';
const LOOK_EVERY_MS = 100;

/**
 * Does something while no other run on this host does the same. A lock that a killed run left is
 * void at once where its process is seen to be gone, and after its own time anywhere. A folder that
 * cannot be written gets a warning instead of a lock. `forMs` is how long the work may take, and how
 * long another one is waited for.
 * @throws LocalActionFailed when another run does not end in that time
 */
export async function exclusively<T>(
  run: Run,
  agentDir: string,
  forMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(agentDir, LOCK);
  const end = monotonicMs() + forMs;
  const got = await pollUntil(run, () => tryLock(run, path, forMs), {
    what: 'for another run to write',
    delayMs: () => LOOK_EVERY_MS,
    leftMs: () => end - monotonicMs(),
  });
  if (got === undefined) {
    throw new LocalActionFailed(
      `Another run (process ${readLock(path)?.pid}) has been writing attributes for ${Math.round(forMs / 1000)} s, and two at once could lose some. Nothing was written. Run again when it has ended, or delete ${path} if there is no such process.`,
    );
  }
  try {
    return await work();
  } finally {
    // Not one that another run has made since, because this one took too long.
    if (got === 'locked' && readLock(path)?.pid === process.pid) rmSync(path, { force: true });
  }
}

/** Undefined while another run has the lock. */
function tryLock(run: Run, path: string, forMs: number): 'locked' | 'unlockable' | undefined {
  try {
    // It is there with its content or not at all: one without would count as void.
    const own = `${path}.${process.pid}`;
    writeFileSync(own, JSON.stringify({ pid: process.pid, until: Date.now() + forMs }), {
      mode: 0o600,
    });
    try {
      linkSync(own, path);
    } finally {
      rmSync(own, { force: true });
    }
    return 'locked';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      run.report.warn(
        `Attributes were written without a lock, because none can be made in ${path} (${code}): of two runs at the same time one may lose what the other has written.`,
      );
      return 'unlockable';
    }
  }
  const other = readLock(path);
  if (other !== undefined && isAlive(other.pid) && Date.now() < other.until) return undefined;
  breakLock(path);
  return undefined;
}

interface Lock {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

function readLock(path: string): Lock | undefined {
  try {
    const { pid, until } = Object(JSON.parse(readFile(path)?.text ?? ''));
    return Number.isInteger(pid) && Number.isFinite(until) ? { pid, until } : undefined;
  } catch {
    return undefined;
  }
}

/** Takes it away under another name first, so that of two that do it one takes the void one. */
function breakLock(path: string): void {
  const taken = `${path}.${process.pid}`;
  try {
    renameSync(path, taken);
    rmSync(taken, { force: true, recursive: true });
  } catch {
    // Another run was faster.
  }
}
