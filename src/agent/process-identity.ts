import { readFileSync, readlinkSync } from 'node:fs';

/** The identity of a process. Another process with the same pid has another identity. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The start time of the process, in clock ticks since boot; empty without /proc. */
  readonly start: string;
  /** The number of the pid namespace that `pid` belongs to; empty without /proc. */
  readonly namespace: string;
  /** The kernel's boot id, 32 hexadecimal digits; empty without /proc. */
  readonly boot: string;
}

/**
 * The state of another process. `unknown` means that this process cannot determine the state of the
 * other one.
 */
export type ProcessState = 'alive' | 'dead' | 'unknown';

/** Returns the identity of this process. */
export function identifyThisProcess(): ProcessIdentity {
  cachedIdentity ??= {
    pid: process.pid,
    start: readProcessStatus('self')?.start ?? '',
    namespace: readOrEmpty(() => readlinkSync('/proc/self/ns/pid')).replace(/\D/g, ''),
    boot: readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).replace(
      /\W/g,
      '',
    ),
  };
  return cachedIdentity;
}

let cachedIdentity: ProcessIdentity | undefined;

/**
 * Returns the state of a process. Does not use the time of day, and recognises a reused pid.
 * Without /proc (macOS), a reused pid cannot be recognised: the state is `dead` when the pid is
 * free, and `unknown` otherwise.
 */
export function findProcessState({ pid, start, namespace, boot }: ProcessIdentity): ProcessState {
  const thisIdentity = identifyThisProcess();
  const isComparable = boot !== '' && thisIdentity.boot !== '';
  if (isComparable && boot !== thisIdentity.boot) return 'dead';
  if (isComparable && namespace !== thisIdentity.namespace) return 'unknown';
  if (!isPidInUse(pid)) return 'dead';
  const status = isComparable && start !== '' ? readProcessStatus(pid) : undefined;
  if (status === undefined) return 'unknown';
  return status.start === start && !status.hasEnded ? 'alive' : 'dead';
}

function isPidInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Reads the state and start time of a process from /proc/PID/stat, see proc(5). The process's name,
 * in parentheses, may contain any character, even a `)`.
 */
function readProcessStatus(pid: number | 'self'): { start: string; hasEnded: boolean } | undefined {
  const statLine = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = statLine.slice(statLine.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  // A zombie counts as ended: it no longer runs, even if its parent never reaps it.
  return start ? { start, hasEnded: state === 'Z' || state === 'X' } : undefined;
}

function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
