import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pause } from '../base/pause.ts';
import { findProgram, SYSTEM_DIRECTORIES } from './find-program.ts';

/** A service manager, and its commands to stop the agent. */
interface ServiceManager {
  readonly tool: string;
  /**
   * A path that exists only where this service manager is in charge. Undefined: it is always in
   * charge.
   */
  readonly activePath?: string;
  readonly stopArgs: readonly string[];
  /** The exit statuses other than 0 for an agent that is stopping, or that did not run. */
  readonly acceptedStatuses: readonly number[];
  /**
   * Arguments with which the program exits with 0 while the agent runs. Needed where the stop
   * command returns too early.
   */
  readonly statusArgs?: readonly string[];
}

/** LSB's exit status for a service that is not installed. */
const NOT_INSTALLED = 5;

/**
 * launchctl's exit status while a service ends, and its two statuses for a service that is not
 * loaded.
 */
const ENDING = 36;
const NOT_LOADED = [3, 113];

/**
 * The agent's name in launchd. launchd restarts an agent that `launchctl stop` stops, so the agent
 * is unloaded instead, until the next boot.
 */
const DARWIN = 'system/com.jumpcloud.darwin-agent';

/** The service managers, in the order in which they are tried. */
const MANAGERS: readonly ServiceManager[] = [
  {
    tool: 'systemctl',
    // See sd_booted(3).
    activePath: '/run/systemd/system',
    stopArgs: ['stop', 'jcagent'],
    acceptedStatuses: [NOT_INSTALLED],
  },
  { tool: 'service', stopArgs: ['jcagent', 'stop'], acceptedStatuses: [NOT_INSTALLED] },
  {
    tool: 'launchctl',
    stopArgs: ['bootout', DARWIN],
    acceptedStatuses: [ENDING, ...NOT_LOADED],
    statusArgs: ['print', DARWIN],
  },
];

/** In milliseconds. Stopping takes seconds; a service manager that takes this long hangs. */
export const STOP_TIMEOUT_MS = 60_000;

const POLL_INTERVAL_MS = 200;

/** The service manager that can stop the agent, and the real path of its program. */
export interface StopCommand {
  readonly file: string;
  readonly manager: ServiceManager;
}

/**
 * Finds the service manager that can stop the agent.
 * @throws LocalActionFailed when there is none that may be run
 */
export function findStopCommand(searchPath: string): StopCommand {
  const rejected: string[] = [];
  for (const manager of MANAGERS) {
    if (manager.activePath !== undefined && !existsSync(manager.activePath)) continue;
    const { file, replaceable } = findProgram(manager.tool, searchPath);
    if (file !== undefined) return { file, manager };
    rejected.push(...replaceable);
  }
  const why =
    rejected.length === 0
      ? ''
      : ` Someone other than root can replace ${rejected.join(', ')}, so root does not run it.`;
  throw new LocalActionFailed(
    `The agent cannot be stopped: neither systemctl, with systemd running, nor service nor launchctl is in ${SYSTEM_DIRECTORIES.join(', ')} or PATH (${searchPath}).${why} Stop it by other means and leave stop_agent out.`,
  );
}

/**
 * Stops the agent, so that it does not uninstall itself when its record is deleted.
 * @throws LocalActionFailed when the agent could not be stopped
 */
export async function stopAgent(
  { file, manager: { stopArgs, acceptedStatuses, statusArgs } }: StopCommand,
  signal: AbortSignal,
): Promise<void> {
  const end = monotonicMs() + STOP_TIMEOUT_MS;
  const leftMs = () => Math.max(1, Math.ceil(end - monotonicMs()));
  const run = (args: readonly string[], accepted: readonly number[]) =>
    exitStatus(file, args, accepted, leftMs(), signal);

  await run(stopArgs, acceptedStatuses);
  while (statusArgs !== undefined && (await run(statusArgs, NOT_LOADED)) === 0) {
    await pause(POLL_INTERVAL_MS, signal);
    if (monotonicMs() >= end) {
      throw stopError([file, ...stopArgs], `did not end it within ${LIMIT}`);
    }
  }
}

const LIMIT = `${STOP_TIMEOUT_MS / 1000} s`;

/** Runs a command and returns its exit status: 0 or an accepted one. Rejects on any other. */
function exitStatus(
  file: string,
  args: readonly string[],
  accepted: readonly number[],
  timeout: number,
  signal: AbortSignal,
): Promise<number> {
  // Passes no other variable on: the environment may contain a proxy's password, and its PATH may
  // lead to programs that someone else can replace.
  const env = { PATH: SYSTEM_DIRECTORIES.join(delimiter) };
  // A service manager that hangs may ignore SIGTERM, too.
  const options = { env, timeout, killSignal: 'SIGKILL', signal } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      if (error === null) return resolve(0);
      if (accepted.includes(Number(error.code))) return resolve(Number(error.code));
      const firstLine = (stderr || stdout).trim().split('\n')[0] ?? '';
      const failure = error.killed
        ? `did not end within ${LIMIT}`
        : `failed with ${error.code ?? error.signal}`;
      reject(stopError([file, ...args], `${failure}${firstLine && `: ${firstLine}`}`));
    });
  });
}

function stopError(argv: readonly string[], failure: string): LocalActionFailed {
  const command = argv.join(' ');
  return new LocalActionFailed(
    `The agent could not be stopped, and nothing was removed: "${command}" ${failure}. Stop it by other means, then run again.`,
    { details: { command } },
  );
}
