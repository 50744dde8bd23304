import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LocalActionFailed } from '../errors.ts';

/** How each service manager stops the agent, in the order they are looked for. */
const STOP: readonly (readonly [tool: string, ...args: string[]])[] = [
  ['systemctl', 'stop', 'jcagent'],
  ['service', 'jcagent', 'stop'],
  ['launchctl', 'stop', 'jcagent'],
];

/** Stopping takes seconds; a service manager that takes longer hangs. In milliseconds. */
export const STOP_TIMEOUT_MS = 60_000;

/** What a service manager exits with when it knows no such service (LSB: not installed). */
const NO_SUCH_SERVICE = 5;

/** A command that stops the agent, found but not run yet. */
export interface StopCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * Finds the service manager that can stop the agent.
 * @throws LocalActionFailed when there is none on PATH
 */
export function findStopCommand(path: string): StopCommand {
  for (const [tool, ...args] of STOP) {
    const file = path
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, tool))
      .find(isExecutable);
    if (file !== undefined) return { file, args };
  }
  throw new LocalActionFailed(
    `The agent cannot be stopped: none of ${STOP.map(([tool]) => tool).join(', ')} is on PATH (${path}). Stop it by other means and leave stop_agent out.`,
  );
}

/**
 * Stops the agent, so that it does not uninstall itself when its record goes.
 * @throws LocalActionFailed when it could not be stopped
 */
export async function stopAgent({ file, args }: StopCommand, signal: AbortSignal): Promise<void> {
  // Only PATH is handed on: the rest of the environment may hold a proxy's password.
  const env = { PATH: process.env['PATH'] };
  // A service manager that hangs may not heed SIGTERM either.
  const options = { env, timeout: STOP_TIMEOUT_MS, killSignal: 'SIGKILL', signal } as const;
  await new Promise<void>((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      if (error === null || error.code === NO_SUCH_SERVICE) return resolve();
      const said = (stderr || stdout).trim().split('\n')[0] ?? '';
      const how = error.killed
        ? `did not end within ${STOP_TIMEOUT_MS / 1000} s`
        : `failed with ${error.code ?? error.signal}`;
      const command = [file, ...args].join(' ');
      reject(
        new LocalActionFailed(
          `The agent could not be stopped, and nothing was removed: "${command}" ${how}${said && `: ${said}`}. Stop it by other means, then run again.`,
          { details: { command } },
        ),
      );
    });
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
