import { readFileSync, readlinkSync } from 'node:fs';

/** A process, named so that no later one is taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start. Empty, like the next two, where there is no /proc. */
  readonly start: string;
  /** The pid namespace in which `pid` means something. */
  readonly namespace: string;
  /** The boot that it was started after, 32 hexadecimal digits. */
  readonly boot: string;
}

/** `unknown`: it runs, or ran, where this process cannot look. */
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
 * Judges whether a process still runs. Never by the time of day, and a number that was given to
 * another process since does not count. Without /proc (macOS) that cannot be seen, so there a
 * process is dead when its number is free, and `unknown` otherwise.
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

/** Whether a process of that number exists in this pid namespace. */
function isPidInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Reads /proc/PID/stat, see proc(5): the name in parentheses may hold anything, what follows not. */
function statusOf(pid: number | 'self'): { start: string; hasEnded: boolean } | undefined {
  const line = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  // A zombie writes nothing more, however long its parent leaves it there.
  return start ? { start, hasEnded: state === 'Z' || state === 'X' } : undefined;
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
