import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedWrite, Run } from '../run.ts';
import { formatAuditLine } from './audit-line.ts';
import { mayRun } from './find-program.ts';

/** The maximum time to wait for the logger, in milliseconds. */
const MAX_WAIT_MS = 1000;
/**
 * The time after which a logger that hangs is killed, in milliseconds. Shorter than MAX_WAIT_MS, so
 * that its exit status can be collected.
 */
const KILL_AFTER_MS = 900;

/**
 * Logs each write that JumpCloud accepted as one line of the system log. One `logger` process gets
 * all lines. Waits at most one second for it to end. Rejects when `logger` cannot be started, for
 * example because it is missing.
 */
export async function logWrites(
  { module, report }: Run,
  writes: readonly LoggedWrite[],
): Promise<void> {
  const loggerPath = realpathSync('/usr/bin/logger');
  if (!mayRun(loggerPath)) return;
  const logger = spawn(loggerPath, ['-p', 'authpriv.notice', '-t', module], {
    // BusyBox is one program for many commands, and selects the command by the name it is called
    // with.
    argv0: 'logger',
    // The environment may contain a proxy's password.
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
    // A detached process gets no signal from the terminal, so a second Ctrl-C does not end the
    // logger.
    detached: true,
  });
  const exitEvent = once(logger, 'exit');
  const lines = writes.map((write) => `${formatAuditLine(write)}\n`).join('');
  // The logger may exit before it has read everything.
  logger.stdin.on('error', () => {}).end(report.maskSecrets(lines));
  await Promise.race([exitEvent, sleep(MAX_WAIT_MS, undefined, { ref: false })]);
}
