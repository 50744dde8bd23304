import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { findProgram, SYSTEM_DIRECTORIES } from './find-program.ts';

/** The program of a service manager. */
export type ServiceTool = 'systemctl' | 'service' | 'launchctl';

/** The programs of the service managers, in the order of the search. */
const SERVICE_TOOLS: readonly ServiceTool[] = ['systemctl', 'service', 'launchctl'];

/** A path that exists only while systemd manages the system, see sd_booted(3). */
const SYSTEMD_PATH = '/run/systemd/system';

/** The name of the agent's service in systemd and for the command `service`. */
export const AGENT_SERVICE = 'jcagent';

/** The name of the agent's service in launchd. */
export const DARWIN_AGENT_SERVICE = 'system/com.jumpcloud.darwin-agent';

/** The service manager of this host, and the real path of its program. */
export interface ServiceManager {
  readonly tool: ServiceTool;
  readonly file: string;
}

/** The service manager that a search found, and the candidates that were refused. */
export interface ServiceManagerSearch {
  readonly manager: ServiceManager | undefined;
  /** Paths of programs that root does not run, because someone else could replace them. */
  readonly replaceablePaths: readonly string[];
}

/**
 * Finds this host's service manager: the first one whose program is found and may be run. Skips
 * systemctl unless systemd manages the system.
 */
export function findServiceManager(searchPath: string): ServiceManagerSearch {
  const refusedPaths: string[] = [];
  for (const tool of SERVICE_TOOLS) {
    if (tool === 'systemctl' && !existsSync(SYSTEMD_PATH)) continue;
    const { file, replaceablePaths: replaceable } = findProgram(tool, searchPath);
    if (file !== undefined) return { manager: { tool, file }, replaceablePaths: replaceable };
    refusedPaths.push(...replaceable);
  }
  return { manager: undefined, replaceablePaths: refusedPaths };
}

/** The exit status and the output of a command. */
export interface CommandResult {
  /**
   * The exit status, or the name of the signal or error that ended the command without a status.
   */
  readonly status: number | string;
  readonly hasTimedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command of a service manager. Rejects only when `signal` is aborted, with the signal's
 * reason.
 */
export function runServiceManager(
  { file }: ServiceManager,
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CommandResult> {
  // Passes only a PATH with safe directories. This process's environment may contain a proxy's
  // password, and its PATH may lead to programs that someone else can replace.
  const env = { PATH: SYSTEM_DIRECTORIES.join(delimiter) };
  // A service manager that hangs may also ignore SIGTERM.
  const options = { env, timeout: timeoutMs, killSignal: 'SIGKILL', signal } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      const status = error === null ? 0 : (error.code ?? error.signal ?? 'no exit status');
      resolve({ status, hasTimedOut: error?.killed === true, stdout, stderr });
    });
  });
}
