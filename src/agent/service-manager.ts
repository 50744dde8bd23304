import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { findProgram, SYSTEM_DIRECTORIES } from './find-program.ts';

/** The program of a service manager. */
export type ServiceTool = 'systemctl' | 'service' | 'launchctl';

/** The service managers, in the order in which they are tried. */
const TOOLS: readonly ServiceTool[] = ['systemctl', 'service', 'launchctl'];

/** This path exists only where systemd is in charge: see sd_booted(3). */
const SYSTEMD_PATH = '/run/systemd/system';

/** The agent's name in systemd and for `service`. */
export const AGENT_SERVICE = 'jcagent';

/** The agent's name in launchd. */
export const DARWIN_AGENT_SERVICE = 'system/com.jumpcloud.darwin-agent';

/** The service manager of this host, and the real path of its program. */
export interface ServiceManager {
  readonly tool: ServiceTool;
  readonly file: string;
}

/** The result of a search for the service manager. */
export interface ServiceManagerSearch {
  readonly manager: ServiceManager | undefined;
  /** Candidates that root does not run, because someone else could replace them. */
  readonly replaceable: readonly string[];
}

/** Finds the service manager that is in charge of the agent. */
export function findServiceManager(searchPath: string): ServiceManagerSearch {
  const rejected: string[] = [];
  for (const tool of TOOLS) {
    if (tool === 'systemctl' && !existsSync(SYSTEMD_PATH)) continue;
    const { file, replaceable } = findProgram(tool, searchPath);
    if (file !== undefined) return { manager: { tool, file }, replaceable };
    rejected.push(...replaceable);
  }
  return { manager: undefined, replaceable: rejected };
}

/** The end of a command. */
export interface CommandEnd {
  /** The exit status; or the name of the signal or error that prevented one. */
  readonly status: number | string;
  readonly isTimedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of a service manager. Rejects only when the signal is aborted, with its reason. */
export function runServiceManager(
  { file }: ServiceManager,
  args: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CommandEnd> {
  // Passes no other variable on: the environment may contain a proxy's password, and its PATH may
  // lead to programs that someone else can replace.
  const env = { PATH: SYSTEM_DIRECTORIES.join(delimiter) };
  // A service manager that hangs may ignore SIGTERM, too.
  const options = { env, timeout: timeoutMs, killSignal: 'SIGKILL', signal } as const;
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      const status = error === null ? 0 : (error.code ?? error.signal ?? 'no exit status');
      resolve({ status, isTimedOut: error?.killed === true, stdout, stderr });
    });
  });
}
