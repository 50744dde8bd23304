import {
  AGENT_SERVICE,
  type CommandResult,
  DARWIN_AGENT_SERVICE,
  findServiceManager,
  runServiceManager,
  type ServiceTool,
} from './service-manager.ts';

/** The state of the agent's service, or the reason why the state is unknown. */
export type ServiceStatus =
  | { readonly state: 'running' | 'missing'; readonly tool: ServiceTool }
  | { readonly state: 'stopped'; readonly tool: ServiceTool; readonly startCommand: string }
  | { readonly state: 'unknown'; readonly reason: string };

/**
 * The command that queries a service manager for the state of the agent, and the parser of its
 * output.
 */
interface StatusQuery {
  readonly args: readonly string[];
  /** Returns the state; undefined when the output does not contain it. */
  readonly parse: (result: CommandResult) => 'running' | 'stopped' | 'missing' | undefined;
  readonly startCommand: string;
}

/** launchctl's exit statuses for a service that is not loaded. */
const NOT_LOADED_STATUSES: readonly unknown[] = [3, 113];

const QUERIES: Readonly<Record<ServiceTool, StatusQuery>> = {
  systemctl: {
    args: ['show', AGENT_SERVICE, '-p', 'LoadState', '-p', 'ActiveState'],
    parse({ status, stdout }) {
      if (status !== 0) return undefined;
      if (/^LoadState=not-found$/m.test(stdout)) return 'missing';
      const [, activeState] = /^ActiveState=(\S+)$/m.exec(stdout) ?? [];
      if (activeState === undefined) return undefined;
      return /^(active|reloading)$/.test(activeState) ? 'running' : 'stopped';
    },
    startCommand: `systemctl enable --now ${AGENT_SERVICE}`,
  },
  service: {
    args: [AGENT_SERVICE, 'status'],
    // LSB defines the exit statuses, but none for a missing service. Implementations use different
    // ones for it, so the output is searched for the known error messages.
    parse({ status, stdout, stderr }) {
      if (status === 0) return 'running';
      if (/unrecognized|not recognized|does not exist|not found/i.test(stdout + stderr))
        return 'missing';
      return [1, 2, 3].includes(Number(status)) ? 'stopped' : undefined;
    },
    startCommand: `service ${AGENT_SERVICE} start`,
  },
  launchctl: {
    args: ['print', DARWIN_AGENT_SERVICE],
    parse({ status, stdout }) {
      if (NOT_LOADED_STATUSES.includes(status)) return 'missing';
      if (status !== 0) return undefined;
      return /^\s*state = running$/m.test(stdout) ? 'running' : 'stopped';
    },
    startCommand: `launchctl kickstart ${DARWIN_AGENT_SERVICE}`,
  },
};

/** Returns the state of the agent's service, according to this host's service manager. */
export async function readServiceStatus(
  searchPath: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ServiceStatus> {
  const { manager, replaceablePaths: replaceable } = findServiceManager(searchPath);
  if (manager === undefined) {
    const reason =
      replaceable.length === 0
        ? 'this host has no running systemd, and neither of the commands `service` and `launchctl`'
        : `root does not run programs that someone else can replace (${replaceable.join(', ')})`;
    return { state: 'unknown', reason: reason };
  }
  const { tool } = manager;
  const { args, parse, startCommand } = QUERIES[tool];
  const result = await runServiceManager(manager, args, timeoutMs, signal);
  const state = parse(result);
  switch (state) {
    case undefined: {
      const firstLine = (result.stderr || result.stdout).trim().split('\n')[0];
      const failure = result.hasTimedOut
        ? `did not answer within ${timeoutMs / 1000} s`
        : `failed with ${result.status}${firstLine && `: ${firstLine}`}`;
      return { state: 'unknown', reason: `"${[tool, ...args].join(' ')}" ${failure}` };
    }
    case 'stopped':
      return { state, tool, startCommand };
    default:
      return { state, tool };
  }
}
