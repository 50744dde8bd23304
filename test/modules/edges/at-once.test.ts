import { describe, expect } from 'vitest';
import type { FaultTarget } from '../../emulator/faults.ts';
import type { LoggedRequest } from '../../emulator/types.ts';
import { test } from '../../harness/fixture.ts';

// Modules send writes of one kind a few at a time. Answers are slow enough for writes to overlap.

const SLOW = { kind: 'slow', ms: 150 } as const;
const UNAUTHORIZED = {
  kind: 'status',
  status: 401,
  text: '{"message":"Unauthorized"}',
} as const;
const AT_ONCE = 5;

const isPost = ({ method }: FaultTarget) => method === 'POST';

interface Write extends LoggedRequest {
  readonly op: string;
  /** The id of the object that the host is bound to, or of the group that it joins. */
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
function maxInFlight(requests: readonly LoggedRequest[]): number {
  return Math.max(
    ...requests.map(
      ({ startedAt }) =>
        requests.filter((other) => other.startedAt <= startedAt && startedAt < other.endedAt)
          .length,
    ),
  );
}

describe('concurrent writes', () => {
  test('twelve writes are sent five at a time and reported in the order of the list', async ({
    host,
    emulator: { store, faults },
  }) => {
    const groups = Array.from({ length: 12 }, () => store.addGroup()).reverse();
    faults.add({ fault: SLOW, when: isPost, times: 12 });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    expect(answer).toMatchObject({ changed: true, added: groups, removed: [] });
    const writes = writesOf(host.requests());
    expect(writes).toHaveLength(12);
    expect(maxInFlight(writes)).toBe(AT_ONCE);
  });

  test('no edge is removed before all additions have been answered', async ({
    host,
    emulator: { store, faults },
  }) => {
    const old = Array.from({ length: 3 }, () => store.addGroup());
    const fresh = Array.from({ length: 3 }, () => store.addGroup());
    for (const id of old) store.join(host.systemId, id);
    faults.add({ fault: SLOW, when: isPost, times: 3 });
    const desired = { groups: fresh, exclusive: true };
    const { answer } = await host.run('jumpcloud_group_membership', desired);
    expect(answer).toMatchObject({ added: fresh, removed: expect.arrayContaining(old) });
    const writes = writesOf(host.requests());
    const lastAdd = Math.max(
      ...writes.filter(({ op }) => op === 'add').map(({ endedAt }) => endedAt),
    );
    for (const { op, startedAt } of writes) {
      if (op === 'remove') expect(startedAt).toBeGreaterThanOrEqual(lastAdd);
    }
  });

  test('writes of two kinds do not overlap', async ({ host, emulator: { store, faults } }) => {
    const groups = Array.from({ length: 3 }, () => store.addGroup());
    const users = Array.from({ length: 3 }, () => store.addUser());
    faults.add({ fault: SLOW, when: isPost, times: 6 });
    await host.run('jumpcloud_host', { groups, users });
    const writes = writesOf(host.requests());
    const lastOf = (ids: readonly string[]) =>
      Math.max(...writes.filter(({ id }) => ids.includes(id)).map((one) => one.endedAt));
    for (const { id, startedAt } of writes) {
      if (users.includes(id)) expect(startedAt).toBeGreaterThanOrEqual(lastOf(groups));
    }
    expect(maxInFlight(writes)).toBe(3);
  });

  test('refused writes are reported in the order of the list, not of the answers', async ({
    host,
    emulator: { store, faults },
  }) => {
    const [slow, quick] = ['a'.repeat(24), 'b'.repeat(24)];
    const groups = [store.addGroup(), slow, quick, store.addGroup()];
    faults.add({ fault: SLOW, when: ({ url }) => url.includes(slow) });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    expect(answer).toMatchObject({
      added: [groups[0], groups[3]],
      error: { code: 'not_found', refused: [{ id: slow }, { id: quick }] },
    });
  });

  test('a 401 stops further writes, and the writes in flight are reported', async ({
    host,
    emulator: { store, faults },
  }) => {
    const groups = Array.from({ length: 12 }, () => store.addGroup());
    faults.add({ fault: UNAUTHORIZED, when: isPost });
    faults.add({ fault: SLOW, when: isPost, times: 4 });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    expect(answer).toMatchObject({ failed: true, changed: true, error: { code: 'unauthorized' } });
    const writes = writesOf(host.requests());
    expect(writes).toHaveLength(AT_ONCE);
    const written = writes.filter(({ status }) => status < 300).map(({ id }) => id);
    expect(answer['added']).toEqual(groups.filter((id) => written.includes(id)));
    expect(written).toHaveLength(AT_ONCE - 1);
  });

  test('writes are not retried after a 401', async ({ host, emulator: { store, faults } }) => {
    const groups = Array.from({ length: 12 }, () => store.addGroup());
    faults.add({ fault: UNAUTHORIZED, when: isPost });
    faults.add({ fault: { kind: 'status', status: 503 }, when: isPost, times: 1000 });
    const { answer } = await host.run('jumpcloud_group_membership', { groups });
    faults.clear();
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'unauthorized' } });
    expect(writesOf(host.requests())).toHaveLength(AT_ONCE);
  });
});
