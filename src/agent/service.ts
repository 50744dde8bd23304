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

/** The commands with which a service manager stops the agent. */
interface StopCommands {
  readonly stopArgs: readonly string[];
  /** Exit statuses other than 0 that mean success: the agent is stopping, or did not run. */
  readonly acceptedStatuses: readonly number[];
  /**
   * The arguments of a command that exits with 0 while the agent runs. Needed where the stop
   * command returns before the agent has stopped.
   */
  readonly statusArgs?: readonly string[];
}

/** LSB's exit status for a service that is not installed. */
const NOT_INSTALLED_STATUS = 5;

/** launchctl's exit status while a service is stopping. */
const STOPPING_STATUS = 36;
/** launchctl's exit statuses for a service that is not loaded. */
const NOT_LOADED_STATUSES = [3, 113];

const STOP_COMMANDS: Readonly<Record<ServiceTool, StopCommands>> = {
  systemctl: { stopArgs: ['stop', AGENT_SERVICE], acceptedStatuses: [NOT_INSTALLED_STATUS] },
  service: { stopArgs: [AGENT_SERVICE, 'stop'], acceptedStatuses: [NOT_INSTALLED_STATUS] },
  launchctl: {
    // `bootout` unloads the agent until the next boot. After `launchctl stop`, launchd would
    // restart it.
    stopArgs: ['bootout', DARWIN_AGENT_SERVICE],
    acceptedStatuses: [STOPPING_STATUS, ...NOT_LOADED_STATUSES],
    statusArgs: ['print', DARWIN_AGENT_SERVICE],
  },
};

/** The longest wait for the agent to stop, in milliseconds. It normally stops within seconds. */
export const MAX_STOP_MS = 60_000;

const POLL_INTERVAL_MS = 200;

/**
 * Finds the service manager that can stop the agent.
 * @throws LocalActionFailed when this host has none that root may run
 */
export function requireServiceManager(searchPath: string): ServiceManager {
  const { manager, replaceablePaths: replaceable } = findServiceManager(searchPath);
  if (manager !== undefined) return manager;
  const replaceableNote =
    replaceable.length === 0
      ? ''
      : ` Root does not run programs that someone else can replace (${replaceable.join(', ')}).`;
  throw new LocalActionFailed([
    `The agent cannot be stopped: found no usable command systemctl (with a running systemd), service or launchctl in ${SYSTEM_DIRECTORIES.join(', ')} or PATH (${searchPath}).${replaceableNote}`,
    'Stop the agent by other means, and leave out stop_agent.',
  ]);
}

/**
 * Stops the agent within `limitMs` milliseconds. Otherwise, it would uninstall itself when its
 * record is deleted.
 * @throws LocalActionFailed when the agent could not be stopped
 */
export async function stopAgent(
  manager: ServiceManager,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { stopArgs, acceptedStatuses, statusArgs } = STOP_COMMANDS[manager.tool];
  const deadlineMs = monotonicMs() + limitMs;
  const limitText = `${Math.max(1, Math.round(limitMs / 1000))} s`;
  const runCommand = async (args: readonly string[], accepted: readonly number[]) => {
    const timeoutMs = Math.max(1, Math.ceil(deadlineMs - monotonicMs()));
    const result = await runServiceManager(manager, args, timeoutMs, signal);
    const { status, hasTimedOut: isTimedOut, stdout, stderr } = result;
    const exitCode = Number(status);
    if (exitCode === 0 || accepted.includes(exitCode)) return exitCode;
    const firstLine = (stderr || stdout).trim().split('\n')[0] ?? '';
    const failureClause = isTimedOut ? `did not end within ${limitText}` : `failed with ${status}`;
    throw stopError([manager.file, ...args], `${failureClause}${firstLine && `: ${firstLine}`}`);
  };

  await runCommand(stopArgs, acceptedStatuses);
  while (statusArgs !== undefined && (await runCommand(statusArgs, NOT_LOADED_STATUSES)) === 0) {
    await pause(POLL_INTERVAL_MS, signal);
    if (monotonicMs() >= deadlineMs) {
      throw stopError([manager.file, ...stopArgs], `did not stop the agent within ${limitText}`);
    }
  }
}

function stopError(argv: readonly string[], failure: string): LocalActionFailed {
  const command = argv.join(' ');
  return new LocalActionFailed(
    [
      `Nothing was removed, because the agent could not be stopped: "${command}" ${failure}.`,
      'Stop the agent by other means, then run again.',
    ],
    { details: { command } },
  );
}
