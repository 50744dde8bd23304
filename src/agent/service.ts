import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { LocalActionFailed } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pause } from '../base/pause.ts';
import { findProgram, SYSTEM_DIRECTORIES } from './find-program.ts';

/** How a service manager stops the agent. */
interface ServiceManager {
  readonly tool: string;
  /** What exists where it manages this host's services; it always does without. */
  readonly where?: string;
  readonly stop: readonly string[];
  /** What it exits with when the agent is on its way to a stop, or was not there to be stopped. */
  readonly fine: readonly number[];
  /** For one that answers before the agent has ended: what it exits with 0 for until then. */
  readonly look?: readonly string[];
}

/** LSB's status of a service that is not installed. */
const NOT_INSTALLED = 5;

/** launchctl's status while a service is ending, and its two for one that is not loaded. */
const ENDING = 36;
const NOT_LOADED = [3, 113];

/**
 * What launchd calls the agent. `launchctl stop` would not do, because launchd keeps the agent alive:
 * it is unloaded, until the next boot.
 */
const DARWIN = 'system/com.jumpcloud.darwin-agent';

/** The service managers, in the order they are looked for. */
const MANAGERS: readonly ServiceManager[] = [
  {
    tool: 'systemctl',
    // As sd_booted(3) says.
    where: '/run/systemd/system',
    stop: ['stop', 'jcagent'],
    fine: [NOT_INSTALLED],
  },
  { tool: 'service', stop: ['jcagent', 'stop'], fine: [NOT_INSTALLED] },
  {
    tool: 'launchctl',
    stop: ['bootout', DARWIN],
    fine: [ENDING, ...NOT_LOADED],
    look: ['print', DARWIN],
  },
];

/** Stopping takes seconds; a service manager that takes longer hangs. In milliseconds. */
export const STOP_TIMEOUT_MS = 60_000;

const POLL_INTERVAL_MS = 200;

/** A service manager that can stop the agent, found but not run yet; `file` is its real path. */
export interface StopCommand {
  readonly file: string;
  readonly manager: ServiceManager;
}

/**
 * Finds the service manager that can stop the agent.
 * @throws LocalActionFailed when there is none that may be run
 */
export function findStopCommand(path: string): StopCommand {
  const passedOver: string[] = [];
  for (const manager of MANAGERS) {
    if (manager.where !== undefined && !existsSync(manager.where)) continue;
    const { found, replaceable } = findProgram(manager.tool, path);
    if (found !== undefined) return { file: found, manager };
    passedOver.push(...replaceable);
  }
  const why =
    passedOver.length === 0
      ? ''
      : ` Someone other than root can replace ${passedOver.join(', ')}, so root does not run it.`;
  throw new LocalActionFailed(
    `The agent cannot be stopped: neither systemctl, with systemd running, nor service nor launchctl is in ${SYSTEM_DIRECTORIES.join(', ')} or PATH (${path}).${why} Stop it by other means and leave stop_agent out.`,
  );
}

/**
 * Stops the agent, so that it does not uninstall itself when its record goes.
 * @throws LocalActionFailed when it could not be stopped
 */
export async function stopAgent(
  { file, manager: { stop, fine, look } }: StopCommand,
  signal: AbortSignal,
): Promise<void> {
  const end = monotonicMs() + STOP_TIMEOUT_MS;
  const leftMs = () => Math.max(1, Math.ceil(end - monotonicMs()));
  const isExit0 = async (args: readonly string[], otherwise: readonly number[]) =>
    (await exitStatus(file, args, otherwise, leftMs(), signal)) === 0;

  await isExit0(stop, fine);
  while (look !== undefined && (await isExit0(look, NOT_LOADED))) {
    await pause(POLL_INTERVAL_MS, signal);
    if (monotonicMs() >= end) throw stopError([file, ...stop], `did not end it within ${LIMIT}`);
  }
}

const LIMIT = `${STOP_TIMEOUT_MS / 1000} s`;

/** What a command exits with: 0, or one of the others that are fine. Any other rejects. */
function exitStatus(
  file: string,
  args: readonly string[],
  fine: readonly number[],
  timeout: number,
  signal: AbortSignal,
): Promise<number> {
  // Nothing is handed on: the environment may hold a proxy's password, and PATH lead to programs that
  // someone else can replace.
  const env = { PATH: SYSTEM_DIRECTORIES.join(delimiter) };
  // A service manager that hangs may not heed SIGTERM either.
  const options = { env, timeout, killSignal: 'SIGKILL', signal } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      if (error === null) return resolve(0);
      if (fine.includes(Number(error.code))) return resolve(Number(error.code));
      const said = (stderr || stdout).trim().split('\n')[0] ?? '';
      const how = error.killed
        ? `did not end within ${LIMIT}`
        : `failed with ${error.code ?? error.signal}`;
      reject(stopError([file, ...args], `${how}${said && `: ${said}`}`));
    });
  });
}

function stopError(words: readonly string[], how: string): LocalActionFailed {
  const command = words.join(' ');
  return new LocalActionFailed(
    `The agent could not be stopped, and nothing was removed: "${command}" ${how}. Stop it by other means, then run again.`,
    { details: { command } },
  );
}
