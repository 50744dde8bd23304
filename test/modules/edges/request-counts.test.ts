import { afterAll, describe, expect, vi } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import { runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { enrolFor } from './edge-host.ts';
import { asking, COMMANDS, type EdgeKind, GROUPS, newTargets, USERS } from './edge-kind.ts';

const PAGE = 100;

// Many processes on few cores: on a busy machine a test takes long without being stuck.
vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

/** Pages that are read of a list: each begins with the last entry of the one before. */
const pages = (entries: number) =>
  entries <= PAGE ? 1 : Math.ceil((entries - PAGE) / (PAGE - 1)) + 1;

/** Requests as methods in the order of arrival, equal ones counted: `2 GET, 5 POST, 2 GET`. */
function inShort(requests: readonly LoggedRequest[]): string {
  const runs: { method: string; count: number }[] = [];
  for (const { method } of requests) {
    const last = runs.at(-1);
    if (last?.method === method) last.count++;
    else runs.push({ method, count: 1 });
  }
  return runs.map(({ method, count }) => `${count} ${method}`).join(', ');
}

describe.concurrent('the requests for n existing edges and k wishes', () => {
  const KINDS: readonly EdgeKind[] = [GROUPS, USERS, COMMANDS];
  const counts = [0, 1, 99, 100, 101, 200, 251, 1000];
  // What is asked of n edges, how many writes that takes, and how many edges there are then.
  const calls = [
    { call: 'keep the last', writes: () => 0, edgesThen: (n: number) => n },
    { call: 'add 1', writes: () => 1, edgesThen: (n: number) => n + 1 },
    { call: 'add 5, keep 1', writes: () => 5, edgesThen: (n: number) => n + 5 },
    {
      call: 'remove 3',
      writes: (n: number) => Math.min(n, 3),
      edgesThen: (n: number) => Math.max(n - 3, 0),
    },
  ] as const;
  type Call = (typeof calls)[number]['call'];
  const table = new Map<string, string>();

  /** The ids that a wish is about, of those there are and some that are new. */
  const chosen: Record<Call, (existing: string[], fresh: string[]) => string[]> = {
    'keep the last': (existing) => existing.slice(-1),
    'add 1': (_, fresh) => fresh.slice(0, 1),
    'add 5, keep 1': (existing, fresh) => [...fresh.slice(0, 5), ...existing.slice(-1)],
    'remove 3': (existing) => existing.slice(-3),
  };

  const cases = KINDS.flatMap((kind) =>
    counts.flatMap((n) => calls.map((row) => ({ kind, n, option: kind.option, ...row }))),
  );
  test.each(cases)('$n $option: $call', async ({ kind, n, call, writes, edgesThen }) => {
    const host = await enrolFor(emulator, kind);
    const existing = newTargets(emulator.store, kind, n);
    for (const id of existing) host.tie(id);
    const ids = chosen[call](existing, newTargets(emulator.store, kind, 5));
    const state = call === 'remove 3' ? 'absent' : 'present';
    const desired = ids.map((id) => ({ id }));
    const connection = { agent_dir: host.agentDir, api_url: emulator.url };
    const options = { ...connection, ...asking(kind, desired), state };
    // A hundred processes would take a minute; the requests are those of any way to be called.
    const done =
      kind === GROUPS
        ? await host.run(desired, { state })
        : await runInProcess(kind.module, options, false);
    const requests = host.takeRequests();
    const k = writes(n);

    // Users that were asked to be absent are looked up once among all who can get in.
    const looksForAccess = kind === USERS && state === 'absent' && ids.length > 0;
    const furnished = 2;
    const steps: [method: string, count: number][] = [
      ['GET', pages(n)],
      ['POST', k],
      [
        'GET',
        (k > 0 ? pages(edgesThen(n)) : 0) + (looksForAccess ? pages(edgesThen(n) + furnished) : 0),
      ],
    ];
    const methods = steps.flatMap(([method, count]) => Array<string>(count).fill(method));
    expect(requests.map(({ method }) => method)).toEqual(methods);
    expect(requests.every(({ status }) => status < 300)).toBe(true);
    const reads = requests.filter(({ method }) => method === 'GET');
    for (const { url } of reads) expect(url).toMatch(/[?&]limit=100&skip=\d+$/);
    const firstList = reads.slice(0, pages(n)).map(({ url }) => url.replace(/.*skip=/, ''));
    expect(firstList).toEqual(Array.from({ length: pages(n) }, (_, i) => String(i * (PAGE - 1))));
    expect(done).toMatchObject({
      changed: k > 0,
      added: state === 'present' && k > 0 ? ids.slice(0, k) : [],
    });
    table.set(`${kind.option} ${n} ${desired}`, inShort(requests));
    await host.remove();
  });

  afterAll(() => {
    const rows = KINDS.flatMap(({ option }) =>
      counts.map((n) =>
        [
          `${option} ${n}`.padEnd(12),
          ...calls.map(({ call }) => (table.get(`${option} ${n} ${call}`) ?? '').padEnd(24)),
        ].join(''),
      ),
    );
    const heading = ['existing'.padEnd(12), ...calls.map(({ call }) => call.padEnd(24))].join('');
    console.log(`Requests, by existing edges and wish:\n${[heading, ...rows].join('\n')}`);
  });
});

describe.concurrent('the requests of', () => {
  const connectionOf = (host: { agentDir: string }) => ({
    agent_dir: host.agentDir,
    api_url: emulator.url,
  });

  test('251 groups, the wanted one last: no write', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const groups = newTargets(emulator.store, GROUPS, 251);
    for (const id of groups) host.tie(id);
    const answer = await host.run([{ id: groups.at(-1) ?? '' }]);
    expect(answer).toMatchObject({ changed: false, groups, added: [] });
    expect(inShort(host.takeRequests())).toBe('3 GET');
    await host.remove();
  });

  test('jumpcloud_system: one read, and one write of what differs', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const options = { ...connectionOf(host), display_name: 'web-1', allow_ssh_root_login: false };
    const changed = await runModule('jumpcloud_system', options);
    expect(changed.answer.changed).toBe(true);
    const requests = host.takeRequests();
    expect(inShort(requests)).toBe('1 GET, 1 PUT');
    expect(requests[1]?.body).toEqual({ displayName: 'web-1' });
    const unchanged = await runModule('jumpcloud_system', options);
    expect(unchanged.answer.changed).toBe(false);
    expect(inShort(host.takeRequests())).toBe('1 GET');
    await host.remove();
  });

  test('jumpcloud_removal: one DELETE between two looks, then none', async () => {
    const host = await enrolFor(emulator, GROUPS);
    const removed = await runModule('jumpcloud_removal', connectionOf(host));
    expect(removed.answer.changed).toBe(true);
    expect(inShort(host.takeRequests())).toBe('1 GET, 1 DELETE, 1 GET');
    const again = await runModule('jumpcloud_removal', connectionOf(host));
    expect(again.answer.changed).toBe(false);
    expect(host.takeRequests()).toEqual([]);
    await host.remove();
  });

  test('jumpcloud_system_info: seven reads, all at the same time', async () => {
    const host = await enrolFor(emulator, GROUPS);
    host.fault({ fault: { kind: 'slow', ms: 600 }, times: 7 });
    const { answer } = await runModule('jumpcloud_system_info', connectionOf(host));
    expect(answer.failed, answer.msg).toBeUndefined();
    const requests = host.takeRequests();
    expect(inShort(requests)).toBe('7 GET');
    const lastStart = Math.max(...requests.map(({ startedAt }) => startedAt));
    const firstEnd = Math.min(...requests.map(({ endedAt }) => endedAt));
    expect(lastStart).toBeLessThan(firstEnd);
    await host.remove();
  });
});
