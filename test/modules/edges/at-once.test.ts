import { describe, expect } from 'vitest';
import type { FaultTarget } from '../../emulator/faults.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import { test } from '../../harness/fixture.ts';

// Modules send up to five writes of one kind in parallel. Slow answers let the writes overlap.

const SLOW_ANSWER = { kind: 'slow', ms: 150 } as const;
const UNAUTHORIZED = {
  kind: 'status',
  status: 401,
  text: '{"message":"Unauthorized"}',
} as const;
const MAX_PARALLEL_WRITES = 5;

const isPost = ({ method }: FaultTarget) => method === 'POST';

interface Write extends LoggedRequest {
  readonly op: string;
  /** The id of the associated object or group. */
  readonly id: string;
}

function writesOf(requests: readonly LoggedRequest[]): Write[] {
  return requests.filter(isPost).map((request) => {
    const { op, id } = request.body as { op: string; id: string };
    const [, group] = /systemgroups\/(\w+)\/members/.exec(request.url) ?? [];
    return { ...request, op, id: group ?? id };
  });
}

/** Returns the maximum number of requests in flight at the same time. */
function countMaxInFlight(requests: readonly LoggedRequest[]): number {
  return Math.max(
    ...requests.map(
      ({ startedAt }) =>
        requests.filter((other) => other.startedAt <= startedAt && startedAt < other.endedAt)
          .length,
    ),
  );
}

describe('concurrent writes', () => {
  test('a run sends twelve writes five at a time and reports them in the order of the option `groups`', async ({
    host,
    emulator: { store, faults },
  }) => {
    const groups = Array.from({ length: 12 }, () => store.addGroup()).reverse();
    faults.add({ fault: SLOW_ANSWER, when: isPost, times: 12 });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    expect(answer).toMatchObject({ changed: true, added: groups, removed: [] });
    const writes = writesOf(host.requests());
    expect(writes).toHaveLength(12);
    expect(countMaxInFlight(writes)).toBe(MAX_PARALLEL_WRITES);
  });

  test('a run removes edges only after all additions have been answered', async ({
    host,
    emulator: { store, faults },
  }) => {
    const oldGroups = Array.from({ length: 3 }, () => store.addGroup());
    const newGroups = Array.from({ length: 3 }, () => store.addGroup());
    for (const id of oldGroups) store.join(host.systemId, id);
    faults.add({ fault: SLOW_ANSWER, when: isPost, times: 3 });
    const desired = { groups: newGroups, exclusive: true };
    const { answer } = await host.run('jumpcloud_group_membership', desired);
    expect(answer).toMatchObject({ added: newGroups, removed: expect.arrayContaining(oldGroups) });
    const writes = writesOf(host.requests());
    const lastAdd = Math.max(
      ...writes.filter(({ op }) => op === 'add').map(({ endedAt }) => endedAt),
    );
    for (const { op, startedAt } of writes) {
      if (op === 'remove') expect(startedAt).toBeGreaterThanOrEqual(lastAdd);
    }
  });

  test('writes to users start only after all writes to groups have ended', async ({
    host,
    emulator: { store, faults },
  }) => {
    const groups = Array.from({ length: 3 }, () => store.addGroup());
    const users = Array.from({ length: 3 }, () => store.addUser());
    faults.add({ fault: SLOW_ANSWER, when: isPost, times: 6 });
    await host.run('jumpcloud_host', { groups, users });
    const writes = writesOf(host.requests());
    const lastEndOf = (ids: readonly string[]) =>
      Math.max(...writes.filter(({ id }) => ids.includes(id)).map((one) => one.endedAt));
    for (const { id, startedAt } of writes) {
      if (users.includes(id)) expect(startedAt).toBeGreaterThanOrEqual(lastEndOf(groups));
    }
    expect(countMaxInFlight(writes)).toBe(3);
  });

  test('refused writes are reported in the order of the option `groups`', async ({
    host,
    emulator: { store, faults },
  }) => {
    const [slow, quick] = ['a'.repeat(24), 'b'.repeat(24)];
    const groups = [store.addGroup(), slow, quick, store.addGroup()];
    faults.add({ fault: SLOW_ANSWER, when: ({ url }) => url.includes(slow) });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    expect(answer).toMatchObject({
      added: [groups[0], groups[3]],
      error: { code: 'not_found', refused: [{ id: slow }, { id: quick }] },
    });
  });

  test('a run stops writing after a 401 and reports the writes in flight', async ({
    host,
    emulator: { store, faults },
  }) => {
    const groups = Array.from({ length: 12 }, () => store.addGroup());
    faults.add({ fault: UNAUTHORIZED, when: isPost });
    faults.add({ fault: SLOW_ANSWER, when: isPost, times: 4 });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    expect(answer).toMatchObject({ failed: true, changed: true, error: { code: 'unauthorized' } });
    const writes = writesOf(host.requests());
    expect(writes).toHaveLength(MAX_PARALLEL_WRITES);
    const written = writes.filter(({ status }) => status < 300).map(({ id }) => id);
    expect(answer['added']).toEqual(groups.filter((id) => written.includes(id)));
    expect(written).toHaveLength(MAX_PARALLEL_WRITES - 1);
  });

  test('after a 401 to one write, a run does not retry other writes that failed', async ({
    host,
    emulator: { store, faults },
  }) => {
    const groups = Array.from({ length: 12 }, () => store.addGroup());
    faults.add({ fault: UNAUTHORIZED, when: isPost });
    faults.add({ fault: { kind: 'status', status: 503 }, when: isPost, times: 1000 });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    faults.clear();
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'unauthorized' } });
    expect(writesOf(host.requests())).toHaveLength(MAX_PARALLEL_WRITES);
  });
});
