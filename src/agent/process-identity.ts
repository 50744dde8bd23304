import { readFileSync, readlinkSync } from 'node:fs';

/** Identifies a process, also after its pid has been reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /**
   * Clock ticks from boot to the process's start. Without /proc, this and the next two fields are
   * empty.
   */
  readonly start: string;
  /** The number of the pid namespace that `pid` belongs to. */
  readonly namespace: string;
  /** The id of the boot, 32 hexadecimal digits. */
  readonly boot: string;
}

/** `unknown`: this process cannot see whether the other one still runs. */
export type ProcessState = 'alive' | 'dead' | 'unknown';

/** Returns the identity of this process. */
export function thisProcess(): ProcessIdentity {
  cachedIdentity ??= {
    pid: process.pid,
    start: statusOf('self')?.start ?? '',
    namespace: orEmpty(() => readlinkSync('/proc/self/ns/pid')).replace(/\D/g, ''),
    boot: orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).replace(
      /\W/g,
      '',
    ),
  };
  return cachedIdentity;
}

let cachedIdentity: ProcessIdentity | undefined;

/**
 * Returns whether a process still runs. Does not rely on the time of day, and is not misled by a
 * reused pid. Reuse cannot be seen without /proc (macOS): there a process is `dead` when its pid is
 * free, and `unknown` otherwise.
 */
export function processState({ pid, start, namespace, boot }: ProcessIdentity): ProcessState {
  const here = thisProcess();
  const isComparable = boot !== '' && here.boot !== '';
  if (isComparable && boot !== here.boot) return 'dead';
  if (isComparable && namespace !== here.namespace) return 'unknown';
  if (!isPidInUse(pid)) return 'dead';
  const now = isComparable && start !== '' ? statusOf(pid) : undefined;
  if (now === undefined) return 'unknown';
  return now.start === start && !now.hasEnded ? 'alive' : 'dead';
}

function isPidInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Reads /proc/PID/stat, see proc(5). The name in parentheses may contain anything, even a `)`. */
function statusOf(pid: number | 'self'): { start: string; hasEnded: boolean } | undefined {
  const line = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  // A zombie counts as ended: it runs no more, even if its parent never reaps it.
  return start ? { start, hasEnded: state === 'Z' || state === 'X' } : undefined;
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
