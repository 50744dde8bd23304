// Runs the hosts of a fleet in a separate process, so that the emulator has its own core.
import { runInProcess } from '../../../test/harness/run-in-process.ts';

/**
 * The message from the parent process: JumpCloud's URL, the group to join, and each host's agent
 * directory.
 */
export interface HostsInput {
  readonly url: string;
  readonly group: string;
  readonly agentDirs: readonly string[];
}

/**
 * The unexpected results of each host, in the order of `agentDirs`, and the CPU time of this
 * process in seconds.
 */
export interface HostsOutcome {
  readonly errors: readonly (readonly string[])[];
  readonly cpu: number;
}

/**
 * The timeout of modules in seconds. It suffices for all requests of a fleet at the permitted rate.
 */
const MODULE_TIMEOUT_S = 300;

// Ignores the proxy of this machine.
process.env['HTTPS_PROXY'] = process.env['https_proxy'] = '';

process.once('message', async ({ url, group, agentDirs }: HostsInput) => {
  const errors = await Promise.all(agentDirs.map((agentDir) => runHost(url, group, agentDir)));
  const { user, system } = process.cpuUsage();
  const outcome: HostsOutcome = { errors, cpu: (user + system) / 1e6 };
  process.send?.(outcome, () => process.disconnect());
});

/** Runs two modules in sequence, as a playbook does. */
async function runHost(url: string, group: string, agentDir: string): Promise<string[]> {
  const connection = { agent_dir: agentDir, api_url: url, timeout: MODULE_TIMEOUT_S };
  const first = await runInProcess(
    'jumpcloud_group_membership',
    { ...connection, groups: [group] },
    false,
  );
  const second = await runInProcess(
    'jumpcloud_system',
    { ...connection, display_name: 'ip-10-0-0-7' },
    false,
  );
  return [
    ...(first.failed || !first.changed ? [`membership: ${first.msg}`] : []),
    ...(second.failed || second.changed ? [`system: ${second.msg}`] : []),
  ];
}
