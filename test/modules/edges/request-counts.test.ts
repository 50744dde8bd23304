import { afterAll, describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import { runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { enrolEdgeHost } from './edge-host.ts';
import { COMMANDS, createTargets, type EdgeKind, GROUPS, optionsFor, USERS } from './edge-kind.ts';

const PAGE_SIZE = 100;

// A busy machine needs a long time for many processes, so the time limit is high.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

/**
 * Returns the number of pages of a list. Each page repeats the last entry of the previous page.
 */
const countPages = (entries: number) =>
  entries <= PAGE_SIZE ? 1 : Math.ceil((entries - PAGE_SIZE) / (PAGE_SIZE - 1)) + 1;

/** Summarizes requests by method, in the order of arrival: `2 GET, 5 POST, 2 GET`. */
function summarize(requests: readonly LoggedRequest[]): string {
  const runs: { method: string; count: number }[] = [];
  for (const { method } of requests) {
    const last = runs.at(-1);
    if (last?.method === method) last.count++;
    else runs.push({ method, count: 1 });
  }
  return runs.map(({ method, count }) => `${count} ${method}`).join(', ');
}

describe.concurrent('requests of an edge module', () => {
  const KINDS: readonly EdgeKind[] = [GROUPS, USERS, COMMANDS];
  const counts = [0, 1, 99, 100, 101, 200, 251, 1000];
  // Calls on existing edges. `writes` and `edgesAfter` compute expected numbers from the number of
  // edges.
  const calls = [
    { call: 'keep the last', writes: () => 0, edgesAfter: (edgeCount: number) => edgeCount },
    { call: 'add 1', writes: () => 1, edgesAfter: (edgeCount: number) => edgeCount + 1 },
    { call: 'add 5, keep 1', writes: () => 5, edgesAfter: (edgeCount: number) => edgeCount + 5 },
    {
      call: 'remove 3',
      writes: (edgeCount: number) => Math.min(edgeCount, 3),
      edgesAfter: (edgeCount: number) => Math.max(edgeCount - 3, 0),
    },
  ] as const;
  type Call = (typeof calls)[number]['call'];
  const table = new Map<string, string>();

  /** Functions that choose the ids of a call from existing edges and new objects. */
  const idsOf: Record<Call, (existing: string[], fresh: string[]) => string[]> = {
    'keep the last': (existing) => existing.slice(-1),
    'add 1': (_, fresh) => fresh.slice(0, 1),
    'add 5, keep 1': (existing, fresh) => [...fresh.slice(0, 5), ...existing.slice(-1)],
    'remove 3': (existing) => existing.slice(-3),
  };

  const cases = KINDS.flatMap((kind) =>
    counts.flatMap((edgeCount) =>
      calls.map((row) => [row.call, edgeCount, kind.option, { kind, ...row }] as const),
    ),
  );
  test.each(cases)(
    'the call "%s" with %i existing %s sends only the necessary requests',
    async (call, edgeCount, _option, { kind, writes, edgesAfter }) => {
      const host = await enrolEdgeHost(emulator, kind);
      const existing = createTargets(emulator.store, kind, edgeCount);
      for (const id of existing) host.addEdge(id);
      const ids = idsOf[call](existing, createTargets(emulator.store, kind, 5));
      const state = call === 'remove 3' ? 'absent' : 'present';
      const desired = ids.map((id) => ({ id }));
      const connection = { agent_dir: host.agentDir, api_url: emulator.url };
      const options = { ...connection, ...optionsFor(kind, desired), state };
      // A hundred processes would take a minute, so most calls run in this process.
      const answer =
        kind === GROUPS
          ? await host.run(desired, { state })
          : await runInProcess(kind.module, options, false);
      const requests = host.takeRequests();
      const writeCount = writes(edgeCount);

      // A run that removes users reads the list of all users with access, but only once.
      const readsAccess = kind === USERS && state === 'absent' && ids.length > 0;
      const sampleUsers = 2;
      const steps: [method: string, count: number][] = [
        ['GET', countPages(edgeCount)],
        ['POST', writeCount],
        [
          'GET',
          (writeCount > 0 ? countPages(edgesAfter(edgeCount)) : 0) +
            (readsAccess ? countPages(edgesAfter(edgeCount) + sampleUsers) : 0),
        ],
      ];
      const methods = steps.flatMap(([method, count]) => Array<string>(count).fill(method));
      expect(requests.map(({ method }) => method)).toEqual(methods);
      expect(requests.every(({ status }) => status < 300)).toBe(true);
      const reads = requests.filter(({ method }) => method === 'GET');
      for (const { url } of reads) expect(url).toMatch(/[?&]limit=100&skip=\d+$/);
      const firstList = reads
        .slice(0, countPages(edgeCount))
        .map(({ url }) => url.replace(/.*skip=/, ''));
      expect(firstList).toEqual(
        Array.from({ length: countPages(edgeCount) }, (_, i) => String(i * (PAGE_SIZE - 1))),
      );
      expect(answer).toMatchObject({
        changed: writeCount > 0,
        added: state === 'present' && writeCount > 0 ? ids.slice(0, writeCount) : [],
      });
      table.set(`${kind.option} ${edgeCount} ${call}`, summarize(requests));
      await host.remove();
    },
  );

  afterAll(() => {
    const rows = KINDS.flatMap(({ option }) =>
      counts.map((edgeCount) =>
        [
          `${option} ${edgeCount}`.padEnd(12),
          ...calls.map(({ call }) =>
            (table.get(`${option} ${edgeCount} ${call}`) ?? '').padEnd(24),
          ),
        ].join(''),
      ),
    );
    const heading = ['existing'.padEnd(12), ...calls.map(({ call }) => call.padEnd(24))].join('');
    console.log(`Requests by existing edges and call:\n${[heading, ...rows].join('\n')}`);
  });
});

describe.concurrent('requests of a module', () => {
  const connectionOf = (host: { agentDir: string }) => ({
    agent_dir: host.agentDir,
    api_url: emulator.url,
  });

  test('a run finds the last of 251 groups with three reads and writes nothing', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    const groups = createTargets(emulator.store, GROUPS, 251);
    for (const id of groups) host.addEdge(id);
    const answer = await host.run([{ id: groups.at(-1) ?? '' }]);
    expect(answer).toMatchObject({ changed: false, groups, added: [] });
    expect(summarize(host.takeRequests())).toBe('3 GET');
    await host.remove();
  });

  test('jumpcloud_system reads once and writes only settings that differ', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    const options = { ...connectionOf(host), display_name: 'web-1', allow_ssh_root_login: false };
    const changed = await runModule('jumpcloud_system', options);
    expect(changed.answer.changed).toBe(true);
    const requests = host.takeRequests();
    expect(summarize(requests)).toBe('1 GET, 1 PUT');
    expect(requests[1]?.body).toEqual({ displayName: 'web-1' });
    const unchanged = await runModule('jumpcloud_system', options);
    expect(unchanged.answer.changed).toBe(false);
    expect(summarize(host.takeRequests())).toBe('1 GET');
    await host.remove();
  });

  test('jumpcloud_removal sends a read, a DELETE and a read, and the next run sends nothing', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    const removed = await runModule('jumpcloud_removal', connectionOf(host));
    expect(removed.answer.changed).toBe(true);
    expect(summarize(host.takeRequests())).toBe('1 GET, 1 DELETE, 1 GET');
    const again = await runModule('jumpcloud_removal', connectionOf(host));
    expect(again.answer.changed).toBe(false);
    expect(host.takeRequests()).toEqual([]);
    await host.remove();
  });

  test('jumpcloud_system_info sends its seven reads in parallel', async () => {
    const host = await enrolEdgeHost(emulator, GROUPS);
    host.fault({ fault: { kind: 'slow', ms: 600 }, times: 7 });
    const { answer } = await runModule('jumpcloud_system_info', connectionOf(host));
    expect(answer.failed, answer.msg).toBeUndefined();
    const requests = host.takeRequests();
    expect(summarize(requests)).toBe('7 GET');
    const lastStart = Math.max(...requests.map(({ startedAt }) => startedAt));
    const firstEnd = Math.min(...requests.map(({ endedAt }) => endedAt));
    expect(lastStart).toBeLessThan(firstEnd);
    await host.remove();
  });
});
