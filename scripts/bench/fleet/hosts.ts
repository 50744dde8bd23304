// The hosts' side of a fleet, a process of its own so that the emulator has a core to itself.
import { runInProcess } from '../../../test/harness/run-in-process.ts';

/** What the hosts are told: where JumpCloud is, what to join, and each host's agent folder. */
export interface Order {
  readonly url: string;
  readonly group: string;
  readonly agentDirs: readonly string[];
}

/** What each host's runs said that they should not, in the order; the CPU time used, in seconds. */
export interface Outcome {
  readonly wrong: readonly (readonly string[])[];
  readonly cpu: number;
}

/** Enough for a fleet's requests, one after another, at the rate that is allowed. */
const TIMEOUT = 300;

// A proxy is not what is measured here.
process.env['HTTPS_PROXY'] = process.env['https_proxy'] = '';

process.once('message', async ({ url, group, agentDirs }: Order) => {
  const wrong = await Promise.all(agentDirs.map((agentDir) => runHost(url, group, agentDir)));
  const { user, system } = process.cpuUsage();
  const outcome: Outcome = { wrong, cpu: (user + system) / 1e6 };
  process.send?.(outcome, () => process.disconnect());
});

/** As a playbook does: one task after another. */
async function runHost(url: string, group: string, agentDir: string): Promise<string[]> {
  const place = { agent_dir: agentDir, api_url: url, timeout: TIMEOUT };
  const first = await runInProcess(
    'jumpcloud_group_membership',
    { ...place, groups: [group] },
    false,
  );
  const second = await runInProcess(
    'jumpcloud_system',
    { ...place, display_name: 'ip-10-0-0-7' },
    false,
  );
  return [
    ...(first.failed || !first.changed ? [`membership: ${first.msg}`] : []),
    ...(second.failed || second.changed ? [`system: ${second.msg}`] : []),
  ];
}
