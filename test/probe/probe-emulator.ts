import { takeCredentials } from '../../scripts/probe/credentials.ts';
import { type RunOptions, type RunOutcome, runProbe } from '../../scripts/probe/run-probe.ts';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';

/** A record with all fields that the probe changes and restores. */
export const RECORD = { description: 'web server', systemInsights: { state: 'enabled' } } as const;

/** Runs the probe in this process, against an emulator and with short waits. */
export function probe(
  emulator: Emulator,
  host: EnrolledHost,
  options: Partial<RunOptions> = {},
): Promise<RunOutcome> {
  const apiKey = emulator.store.addApiKey();
  return runProbe({
    agentDir: host.agentDir,
    apiUrl: emulator.url,
    credentials: takeCredentials({ JUMPCLOUD_API_KEY: apiKey }),
    deletesRecord: false,
    stop: new AbortController().signal,
    settleMs: 150,
    ...options,
  });
}

/** Returns the answer to each question of a run, or the reason for a missing answer. */
export function answersOf({ asked }: RunOutcome): Record<string, unknown> {
  return Object.fromEntries(asked.map((one) => [one.question.id, one.answer ?? one.reason]));
}
export function verdictsOf({ asked }: RunOutcome): Record<string, string> {
  return Object.fromEntries(
    asked.map((one) => [
      one.question.id,
      one.answer === undefined ? one.reason : one.judgement.verdict,
    ]),
  );
}

/** Returns the state of an organisation that the probe must restore. */
export function stateOf({ store }: Emulator, { systemId }: EnrolledHost): unknown {
  const present = (type: 'system_group' | 'user' | 'user_group' | 'policy' | 'command') =>
    store.idsOf(type).filter((id) => store.exists(type, id));
  const objects = {
    groups: present('system_group'),
    users: present('user'),
    userGroups: present('user_group'),
    others: [...present('policy'), ...present('command')],
  };
  if (!store.systems.has(systemId)) return { ...objects, record: 'none' };
  const { groups, edges } = store.snapshot(systemId);
  // Ignores the edges of deleted objects, which JumpCloud keeps for a while.
  return {
    ...objects,
    groupsOfHost: groups.filter((id) => objects.groups.includes(id)),
    edges: edges.filter(([key]) => {
      const [type, id = ''] = key.split(':');
      return type !== 'user' || objects.users.includes(id);
    }),
    record: structuredClone(store.record(systemId)),
  };
}
