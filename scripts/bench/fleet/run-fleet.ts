import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrolledHost, startEmulator } from '../../../test/emulator/emulator.ts';
import type { LoggedRequest } from '../../../test/emulator/types.ts';
import type { HostsInput, HostsOutcome } from './hosts.ts';
import { countPerSecond, type RequestCounts } from './per-second.ts';

/** The rate limit of the organisation in requests per second. */
export const REQUESTS_PER_SECOND = 100;

/** The result of a fleet's run. Times are in seconds. */
export interface FleetResult {
  readonly hosts: number;
  /** The number of hosts that are in the group and whose two runs had the expected result. */
  readonly converged: number;
  /** Up to five messages of runs with an unexpected result. */
  readonly errors: readonly string[];
  /**
   * The numbers of requests for memberships and for records, without those that were answered 429.
   */
  readonly answered: { readonly memberships: number; readonly systems: number };
  readonly refused: number;
  /** The largest number of 429 answers that one host received. */
  readonly maxRefusedPerHost: number;
  /** The time from the first request to the end of the last request. */
  readonly duration: number;
  readonly cpu: number;
  readonly perSecond: readonly RequestCounts[];
}

/** Starts `size` hosts at the same time in an organisation with a rate limit. */
export async function runFleet(size: number): Promise<FleetResult> {
  const directory = await mkdtemp(join(tmpdir(), 'fleet-'));
  const emulator = await startEmulator({
    rateLimit: { requests: REQUESTS_PER_SECOND, perSeconds: 1 },
  });
  const { store, url, requests } = emulator;
  try {
    const group = store.addGroup();
    const hosts: EnrolledHost[] = [];
    for (let i = 0; i < size; i++) {
      hosts.push(await emulator.enrol({ agentDir: join(directory, String(i)) }));
    }
    const agentDirs = hosts.map(({ agentDir }) => agentDir);
    const { errors, cpu } = await runHosts({ url, group, agentDirs });
    const converged = hosts.filter(
      ({ systemId }, i) => store.groupsOf(systemId).includes(group) && errors[i]?.length === 0,
    );
    const answered = requests.filter(({ status }) => status !== 429);
    const refused = requests.filter(({ status }) => status === 429);
    const start = requests[0]?.startedAt ?? 0;
    return {
      hosts: size,
      converged: converged.length,
      errors: errors.flat().slice(0, 5),
      answered: {
        memberships: answered.filter(isMembershipRequest).length,
        systems: answered.filter((request) => !isMembershipRequest(request)).length,
      },
      refused: refused.length,
      maxRefusedPerHost: maxRequestsPerHost(refused),
      duration:
        (requests.reduce((last, { endedAt }) => Math.max(last, endedAt), start) - start) / 1000,
      cpu,
      perSecond: countPerSecond(requests),
    };
  } finally {
    await emulator.close();
    await rm(directory, { recursive: true });
  }
}

async function runHosts(order: HostsInput): Promise<HostsOutcome> {
  const child = fork(new URL('hosts.ts', import.meta.url));
  const answer = once(child, 'message');
  const exit = once(child, 'exit').then(() => {
    throw new Error('The process of the hosts ended without a result.');
  });
  // Prevents an unhandled rejection: `exit` also rejects when the process ends after it has sent
  // its result.
  exit.catch(() => {});
  child.send(order);
  const [outcome] = await Promise.race([answer, exit]);
  return outcome as HostsOutcome;
}

/** Returns whether a request is for memberships (API v2). Requests for the record use API v1. */
function isMembershipRequest({ url }: LoggedRequest): boolean {
  return url.startsWith('/api/v2/');
}

function maxRequestsPerHost(requests: readonly LoggedRequest[]): number {
  const counts = new Map<string | undefined, number>();
  for (const { systemId } of requests) counts.set(systemId, (counts.get(systemId) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
