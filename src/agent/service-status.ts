import {
  AGENT_SERVICE,
  type CommandEnd,
  DARWIN_AGENT_SERVICE,
  findServiceManager,
  runServiceManager,
  type ServiceTool,
} from './service-manager.ts';

/** The state of the agent's service, or the reason why it is unknown. */
export type ServiceStatus =
  | { readonly state: 'running' | 'missing'; readonly tool: ServiceTool }
  | { readonly state: 'stopped'; readonly tool: ServiceTool; readonly startCommand: string }
  | { readonly state: 'unknown'; readonly reason: string };

/** How a service manager is asked for the state of the agent. */
interface StatusQuery {
  readonly args: readonly string[];
  /** Returns the state; undefined when the answer does not say it. */
  readonly parse: (end: CommandEnd) => 'running' | 'stopped' | 'missing' | undefined;
  readonly startCommand: string;
}

/** launchctl's exit statuses for a service that is not loaded. */
const NOT_LOADED: readonly unknown[] = [3, 113];

const QUERIES: Readonly<Record<ServiceTool, StatusQuery>> = {
  systemctl: {
    args: ['show', AGENT_SERVICE, '-p', 'LoadState', '-p', 'ActiveState'],
    parse({ status, stdout }) {
      if (status !== 0) return undefined;
      if (/^LoadState=not-found$/m.test(stdout)) return 'missing';
      const [, active] = /^ActiveState=(\S+)$/m.exec(stdout) ?? [];
      if (active === undefined) return undefined;
      return /^(active|reloading)$/.test(active) ? 'running' : 'stopped';
    },
    startCommand: `systemctl enable --now ${AGENT_SERVICE}`,
  },
  service: {
    args: [AGENT_SERVICE, 'status'],
    // The statuses are those of LSB; for an unknown service, implementations differ.
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
      if (NOT_LOADED.includes(status)) return 'missing';
      if (status !== 0) return undefined;
      return /^\s*state = running$/m.test(stdout) ? 'running' : 'stopped';
    },
    startCommand: `launchctl kickstart ${DARWIN_AGENT_SERVICE}`,
  },
};

/** Asks this host's service manager for the state of the agent. */
export async function serviceStatus(
  searchPath: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ServiceStatus> {
  const { manager, replaceable } = findServiceManager(searchPath);
  if (manager === undefined) {
    const why =
      replaceable.length === 0
        ? 'this host has neither a running systemd nor the command service or launchctl'
        : `someone other than root can replace ${replaceable.join(', ')}, so root does not run it`;
    return { state: 'unknown', reason: why };
  }
  const { tool } = manager;
  const { args, parse, startCommand } = QUERIES[tool];
  const end = await runServiceManager(manager, args, timeoutMs, signal);
  const state = parse(end);
  switch (state) {
    case undefined: {
      const firstLine = (end.stderr || end.stdout).trim().split('\n')[0];
      const failure = end.isTimedOut
        ? `did not answer within ${timeoutMs / 1000} s`
        : `failed with ${end.status}${firstLine && `: ${firstLine}`}`;
      return { state: 'unknown', reason: `"${[tool, ...args].join(' ')}" ${failure}` };
    }
    case 'stopped':
      return { state, tool, startCommand };
    default:
      return { state, tool };
  }
}
