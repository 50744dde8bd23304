import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrolledHost, startEmulator } from '../../../test/emulator/emulator.ts';
import type { LoggedRequest } from '../../../test/emulator/types.ts';
import type { Order, Outcome } from './hosts.ts';
import { type Second, seconds } from './seconds.ts';

/** Requests that the organisation may make in any second. */
export const LIMIT = 100;

/** What a fleet of so many hosts has done. Times in seconds. */
export interface Fleet {
  readonly hosts: number;
  /** Hosts that are in the group and whose two runs said what they should. */
  readonly converged: number;
  /** Some of the messages of runs that did not. */
  readonly wrong: readonly string[];
  /** Requests with another answer than 429, of the memberships and of the systems. */
  readonly answered: { readonly memberships: number; readonly systems: number };
  readonly refused: number;
  /** The most 429 that one host got. */
  readonly mostRefused: number;
  /** From the first request to the end of the last. */
  readonly took: number;
  readonly cpu: number;
  readonly perSecond: readonly Second[];
}

/** Starts so many hosts at the same moment against an organisation with a rate limit. */
export async function runFleet(size: number): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), 'fleet-'));
  const emulator = await startEmulator({ rateLimit: { requests: LIMIT, perSeconds: 1 } });
  const { store, url, requests } = emulator;
  try {
    const group = store.addGroup();
    const hosts: EnrolledHost[] = [];
    for (let i = 0; i < size; i++) {
      hosts.push(await emulator.enrol({ agentDir: join(directory, String(i)) }));
    }
    const agentDirs = hosts.map(({ agentDir }) => agentDir);
    const { wrong, cpu } = await runHosts({ url, group, agentDirs });
    const converged = hosts.filter(
      ({ systemId }, i) => store.groupsOf(systemId).includes(group) && wrong[i]?.length === 0,
    );
    const answered = requests.filter(({ status }) => status !== 429);
    const refused = requests.filter(({ status }) => status === 429);
    const start = requests[0]?.startedAt ?? 0;
    return {
      hosts: size,
      converged: converged.length,
      wrong: wrong.flat().slice(0, 5),
      answered: {
        memberships: answered.filter(isMembership).length,
        systems: answered.filter((request) => !isMembership(request)).length,
      },
      refused: refused.length,
      mostRefused: mostOfOne(refused),
      took: (requests.reduce((last, { endedAt }) => Math.max(last, endedAt), start) - start) / 1000,
      cpu,
      perSecond: seconds(requests),
    };
  } finally {
    await emulator.close();
    await rm(directory, { recursive: true });
  }
}

async function runHosts(order: Order): Promise<Outcome> {
  const child = fork(new URL('hosts.ts', import.meta.url));
  const answer = once(child, 'message');
  const exit = once(child, 'exit').then(() => {
    throw new Error('the hosts ended without a word');
  });
  // Once there is an answer, the end that follows it is no failure.
  exit.catch(() => {});
  child.send(order);
  const [outcome] = await Promise.race([answer, exit]);
  return outcome as Outcome;
}

/** A group's members are changed and read through API v2, a system's record through API v1. */
function isMembership({ url }: LoggedRequest): boolean {
  return url.startsWith('/api/v2/');
}

function mostOfOne(requests: readonly LoggedRequest[]): number {
  const counts = new Map<string | undefined, number>();
  for (const { systemId } of requests) counts.set(systemId, (counts.get(systemId) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
