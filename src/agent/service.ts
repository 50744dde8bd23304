import { LocalActionFailed } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pause } from '../base/pause.ts';
import { SYSTEM_DIRECTORIES } from './find-program.ts';
import {
  AGENT_SERVICE,
  DARWIN_AGENT_SERVICE,
  findServiceManager,
  runServiceManager,
  type ServiceManager,
  type ServiceTool,
} from './service-manager.ts';

/** The commands of a service manager that stop the agent. */
interface StopCommands {
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

const COMMANDS: Readonly<Record<ServiceTool, StopCommands>> = {
  systemctl: { stopArgs: ['stop', AGENT_SERVICE], acceptedStatuses: [NOT_INSTALLED] },
  service: { stopArgs: [AGENT_SERVICE, 'stop'], acceptedStatuses: [NOT_INSTALLED] },
  launchctl: {
    // launchd restarts an agent that `launchctl stop` stops, so the agent is unloaded instead, until
    // the next boot.
    stopArgs: ['bootout', DARWIN_AGENT_SERVICE],
    acceptedStatuses: [ENDING, ...NOT_LOADED],
    statusArgs: ['print', DARWIN_AGENT_SERVICE],
  },
};

/** In milliseconds. Stopping takes seconds; a service manager that takes this long hangs. */
export const STOP_TIMEOUT_MS = 60_000;

const POLL_INTERVAL_MS = 200;

/**
 * Finds the service manager that can stop the agent.
 * @throws LocalActionFailed when there is none that may be run
 */
export function requireServiceManager(searchPath: string): ServiceManager {
  const { manager, replaceable } = findServiceManager(searchPath);
  if (manager !== undefined) return manager;
  const why =
    replaceable.length === 0
      ? ''
      : ` Someone other than root can replace ${replaceable.join(', ')}, so root does not run it.`;
  throw new LocalActionFailed([
    `The agent cannot be stopped: neither systemctl, with systemd running, nor service nor launchctl is in ${SYSTEM_DIRECTORIES.join(', ')} or PATH (${searchPath}).${why}`,
    'Stop it by other means and leave stop_agent out.',
  ]);
}

/**
 * Stops the agent, so that it does not uninstall itself when its record is deleted.
 * @throws LocalActionFailed when the agent could not be stopped
 */
export async function stopAgent(manager: ServiceManager, signal: AbortSignal): Promise<void> {
  const { stopArgs, acceptedStatuses, statusArgs } = COMMANDS[manager.tool];
  const end = monotonicMs() + STOP_TIMEOUT_MS;
  const run = (args: readonly string[], accepted: readonly number[]) =>
    exitStatus(manager, args, accepted, Math.max(1, Math.ceil(end - monotonicMs())), signal);

  await run(stopArgs, acceptedStatuses);
  while (statusArgs !== undefined && (await run(statusArgs, NOT_LOADED)) === 0) {
    await pause(POLL_INTERVAL_MS, signal);
    if (monotonicMs() >= end) {
      throw stopError([manager.file, ...stopArgs], `did not end it within ${LIMIT}`);
    }
  }
}

const LIMIT = `${STOP_TIMEOUT_MS / 1000} s`;

/** Runs a command and returns its exit status: 0 or an accepted one. Rejects on any other. */
async function exitStatus(
  manager: ServiceManager,
  args: readonly string[],
  accepted: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number> {
  const end = await runServiceManager(manager, args, timeoutMs, signal);
  const { status, isTimedOut, stdout, stderr } = end;
  const number = Number(status);
  if (number === 0 || accepted.includes(number)) return number;
  const firstLine = (stderr || stdout).trim().split('\n')[0] ?? '';
  const failure = isTimedOut ? `did not end within ${LIMIT}` : `failed with ${status}`;
  throw stopError([manager.file, ...args], `${failure}${firstLine && `: ${firstLine}`}`);
}

function stopError(argv: readonly string[], failure: string): LocalActionFailed {
  const command = argv.join(' ');
  return new LocalActionFailed(
    [
      `The agent could not be stopped, and nothing was removed: "${command}" ${failure}.`,
      'Stop it by other means, then run again.',
    ],
    { details: { command } },
  );
}
