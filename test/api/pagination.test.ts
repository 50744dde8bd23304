import { afterEach, beforeEach, describe, expect } from 'vitest';
import { type PageRequest, readPages } from '../../src/api/pagination.ts';
import { UnexpectedResponse } from '../../src/base/errors.ts';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import type { Fault } from '../emulator/faults.ts';
import type { Store } from '../emulator/store.ts';
import type { Answer } from '../harness/answer.ts';
import { test } from '../harness/emulator-fixture.ts';
import fc from '../harness/fast-check.ts';
import { runInProcess } from '../harness/run-in-process.ts';

let emulator: Emulator;
let store: Store;
let host: EnrolledHost;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
  ({ store } = emulator);
});
beforeEach(async () => {
  host = await emulator.enrol();
  emulator.clearRequests();
});
afterEach(() => {
  emulator.faults.clear();
  store.listsAreCounted = true;
});

const run = (module: Parameters<typeof runInProcess>[0], options: object): Promise<Answer> =>
  runInProcess(module, { agent_dir: host.agentDir, api_url: emulator.url, ...options }, false);
const gatherInfo = (what: string) => run('jumpcloud_system_info', { gather: [what] });

/** Makes the host a member of new groups. Returns their ids in the order of the list. */
function joinGroups(count: number): string[] {
  const ids = Array.from({ length: count }, () => store.addGroup()).sort();
  for (const id of ids) store.join(host.systemId, id);
  return ids;
}
/** Binds new users to the host. Returns their ids in the order of the list. */
function bindUsers(count: number): string[] {
  const ids = Array.from({ length: count }, () => store.addUser());
  for (const id of ids) store.associate(host.systemId, 'user', id);
  return ids;
}
/** Ids that come after all others in a sorted list. */
const [LAST_BUT_ONE, LAST] = [`${'f'.repeat(23)}e`, 'f'.repeat(24)];
const requestedSkips = () =>
  emulator.requests.map(({ url }) => Number(/skip=(\d+)/.exec(url)?.[1]));
const addReadFault = (fault: Fault, times = 1, skip = 0) =>
  emulator.faults.add({ fault, times, skip, when: ({ method }) => method === 'GET' });
/** Makes the next answers report `total` as the number of entries. */
const claimTotal = (total: string, times = Infinity) =>
  addReadFault(
    { kind: 'mangle', change: (body) => body, headers: { 'x-total-count': total } },
    times,
  );

describe('readPages of a list with deleted objects', () => {
  test.each([0, 50, 97, 98, 99, 100, 101, 196, 197, 198, 199, 249])(
    'readPages returns the other 249 of 250 groups when the one at index %i is deleted',
    async (position) => {
      const groups = joinGroups(250);
      const [deleted = ''] = groups.splice(position, 1);
      store.delete(deleted);
      expect((await gatherInfo('groups'))['groups']).toEqual(groups);
      expect(emulator.requests).toHaveLength(3);
    },
  );

  test('readPages returns the other 249 of 250 users when the first one is deleted', async () => {
    const users = bindUsers(250);
    store.delete(users.shift() ?? '');
    const answer = await gatherInfo('users');
    const ids = (answer['users'] as { id: string }[]).map(({ id }) => id);
    expect(ids).toHaveLength(249);
    expect(ids).toEqual([...users].sort());
  });

  test.each([
    ['a whole page is', 100, 200],
    ['more than a page, with the shared entry, is', 95, 330],
    ['nine of ten entries of a page are', 10, 100],
    ['the whole list is', 0, 350],
    ['the end of the list is', 200, 350],
  ])('readPages returns all remaining groups when %s deleted', async (_, from, to) => {
    const groups = joinGroups(350);
    for (const id of groups.splice(from, to - from)) store.delete(id);
    expect((await gatherInfo('groups'))['groups']).toEqual(groups);
  });

  test('a second run changes nothing when one of 150 groups was deleted before the first run', async () => {
    const groups = joinGroups(150);
    store.delete(groups.shift() ?? '');
    const options = { groups: [...groups, store.addGroup()], exclusive: true };
    expect(await run('jumpcloud_group_membership', options)).toMatchObject({ changed: true });
    const second = await run('jumpcloud_group_membership', options);
    expect(second.failed, second.msg).toBeUndefined();
    expect(second).toMatchObject({ changed: false, groups: options.groups.sort() });
  });

  test("a user's remaining access through a group is reported, even if the list of users counts a deleted user", async () => {
    const group = store.addUserGroup();
    store.associate(host.systemId, 'user_group', group);
    const members = Array.from({ length: 150 }, () => store.addUser());
    store.userGroups.set(group, new Set(members));
    store.delete(members[0] ?? '');
    const user = members.at(-1) ?? '';
    const answer = await run('jumpcloud_user_binding', { users: [user], state: 'absent' });
    expect(answer.warnings).toEqual([
      expect.stringMatching(new RegExp(`^User ${user} .* still has access .* ${group}`)),
    ]);
  });

  test('a list without a total ends with its first short page', async () => {
    store.listsAreCounted = false;
    const groups = joinGroups(250);
    expect((await gatherInfo('groups'))['groups']).toEqual(groups);
    store.delete(groups.shift() ?? '');
    expect((await gatherInfo('groups'))['groups']).toEqual(groups.slice(0, 99));
  });
});

describe('readPages with the total of a list', () => {
  test.each([0, 1, 99, 100])(
    'readPages reads a list of %i entries in one request',
    async (count) => {
      const groups = joinGroups(count);
      expect((await gatherInfo('groups'))['groups']).toEqual(groups);
      expect(requestedSkips()).toEqual([0]);
    },
  );

  test.each(['-1', 'many', '', '1e3', '2.5', '0', '3', '18446744073709551615'])(
    'readPages ignores the invalid or too small total %j',
    async (total) => {
      const groups = joinGroups(150);
      claimTotal(total);
      expect((await gatherInfo('groups'))['groups']).toEqual(groups);
      expect(requestedSkips()).toEqual([0, 99]);
    },
  );

  test('readPages still reads all entries, with extra requests, when the reported total is higher than the real one', async () => {
    const groups = joinGroups(5);
    claimTotal('500');
    expect((await gatherInfo('groups'))['groups']).toEqual(groups);
    expect(requestedSkips()).toEqual([0, 100, 200, 300, 400]);
  });

  test('readPages fails at once when the total exceeds the maximum', async () => {
    joinGroups(5);
    claimTotal('100001');
    const { error, msg } = await gatherInfo('groups');
    expect([error?.code, msg]).toEqual([
      'unexpected_response',
      expect.stringMatching(
        /^The list of system groups has 100001 entries, more than the maximum of 100000/,
      ),
    ]);
    expect(requestedSkips()).toEqual([0]);
  });

  test('readPages starts over when the total changes', async () => {
    const groups = joinGroups(150);
    const added = LAST;
    const change = () => store.join(host.systemId, store.addGroup(added));
    addReadFault({ kind: 'concurrent', when: 'after', change });
    expect((await gatherInfo('groups'))['groups']).toEqual([...groups, added]);
    expect(requestedSkips()).toEqual([0, 99, 0, 99]);
  });

  test('readPages fails after five restarts when the total keeps changing', async () => {
    joinGroups(150);
    const change = () => store.join(host.systemId, store.addGroup());
    addReadFault({ kind: 'concurrent', when: 'after', change }, Infinity);
    const { error, msg } = await gatherInfo('groups');
    expect([error?.code, msg]).toEqual([
      'unexpected_response',
      expect.stringMatching(/^The list of system groups changed 6 times while it was read\. Run/),
    ]);
    expect(requestedSkips()).toEqual([0, 99, 0, 99, 0, 99, 0, 99, 0, 99, 0, 99]);
  });

  test('readPages notices a change that leaves the total the same', async () => {
    const groups = joinGroups(150);
    const added = [store.addGroup(LAST_BUT_ONE), store.addGroup(LAST)];
    const change = () => {
      for (const id of groups.slice(0, 2)) store.leave(host.systemId, id);
      for (const id of added) store.join(host.systemId, id);
    };
    addReadFault({ kind: 'concurrent', when: 'after', change });
    expect((await gatherInfo('groups'))['groups']).toEqual([...groups.slice(2), ...added]);
  });

  test('readPages fails when every page has the same entries', async () => {
    const groups = joinGroups(150).slice(0, 60);
    const page = groups.map((id) => ({ type: 'system_group', id }));
    addReadFault({ kind: 'mangle', change: () => page }, Infinity);
    const { error, msg } = await gatherInfo('groups');
    expect([error?.code, msg]).toEqual([
      'unexpected_response',
      expect.stringMatching(/^JumpCloud returned the same page of system groups twice/),
    ]);
    expect(requestedSkips()).toHaveLength(2);
  });

  test('readPages ends at the total when pages are longer than requested', async () => {
    const groups = joinGroups(250);
    const all = groups.map((id) => ({ type: 'system_group', id }));
    addReadFault({ kind: 'mangle', change: () => all.slice(0, 150) });
    expect((await gatherInfo('groups'))['groups']).toEqual(groups);
    expect(requestedSkips()).toEqual([0, 150]);
  });
});

test('readPages reads all entries of a list except those of deleted objects', async () => {
  const lists = fc.record({
    length: fc.integer({ min: 0, max: 420 }),
    deleted: fc.oneof(
      fc.uniqueArray(fc.nat(420), { maxLength: 12 }),
      fc.uniqueArray(fc.constantFrom(0, 98, 99, 100, 197, 198, 199, 200, 297, 299)),
      fc.uniqueArray(fc.nat(420), { minLength: 200, maxLength: 400 }),
      fc
        .tuple(fc.nat(300), fc.nat(300))
        .map(([from, count]) => Array.from({ length: count }, (_, i) => from + i)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(lists, async ({ length, deleted }) => {
      const groups = joinGroups(length);
      const gone = new Set(deleted);
      const alive = groups.filter((id, i) => {
        if (gone.has(i)) store.delete(id);
        return !gone.has(i);
      });
      const answer = await gatherInfo('groups');
      expect(answer['groups'], answer.msg).toEqual(alive);
      for (const id of groups) store.groups.delete(id);
    }),
    { numRuns: 40 },
  );
});

describe('readPages of a list that changes between its pages', () => {
  interface Entry {
    readonly key: string;
    isDropped: boolean;
  }
  const KEYS = 1e6;
  const anyChange = fc.record({
    op: fc.constantFrom('add', 'remove', 'drop'),
    at: fc.nat(KEYS - 1),
  });
  const anyList = fc.record({
    keys: fc.uniqueArray(fc.nat(KEYS - 1), { maxLength: 420, size: 'max' }),
    dropped: fc.array(fc.nat(420), { maxLength: 15 }),
    /** The changes after each request. */
    changes: fc.array(fc.array(anyChange, { maxLength: 6 }), { maxLength: 8 }),
    isCounted: fc.boolean(),
  });
  type GivenList = typeof anyList extends fc.Arbitrary<infer Given> ? Given : never;
  const keyOf = (key: number) => String(key).padStart(7, '0');

  /**
   * Returns a list that changes after each request. `always` has the keys that stay in the list
   * throughout the read, and `ever` has those that are in it at some time.
   */
  function changingList({ keys, dropped, changes, isCounted }: GivenList, isSorted: boolean) {
    const list: Entry[] = keys.map((key) => ({ key: keyOf(key), isDropped: false }));
    const sort = () => isSorted && list.sort((a, b) => (a.key < b.key ? -1 : 1));
    sort();
    for (const at of isCounted ? dropped : []) Object.assign(list[at] ?? {}, { isDropped: true });
    const shown = () => list.filter(({ isDropped }) => !isDropped).map(({ key }) => key);
    const [always, ever] = [new Set(shown()), new Set(shown())];
    const upcoming = [...changes];
    const change = () => {
      for (const { op, at } of upcoming.shift() ?? []) {
        const place = at % (list.length + 1);
        if (op === 'add' && !list.some(({ key }) => key === keyOf(at))) {
          list.splice(place, 0, { key: keyOf(at), isDropped: false });
        }
        if (op === 'remove') list.splice(place, 1);
        // Drops entries only from a list with a total. Without a total, a shortened page ends the
        // list.
        if (op === 'drop' && isCounted) Object.assign(list[place] ?? {}, { isDropped: true });
      }
      sort();
      const now = new Set(shown());
      for (const key of always) if (!now.has(key)) always.delete(key);
      for (const key of now) ever.add(key);
    };
    const readPage = async ({ limit, skip }: PageRequest) => {
      const entries = list.slice(skip, skip + limit).filter(({ isDropped }) => !isDropped);
      const total = isCounted ? list.length : undefined;
      change();
      return { entries, total };
    };
    return { readPage, always, ever };
  }

  test.each(['restart', 'step back'] as const)(
    'with onChange %j, readPages returns every entry that stays in the list throughout the read',
    async (onChange) => {
      let read = 0;
      await fc.assert(
        fc.asyncProperty(anyList, async (given) => {
          const { readPage, always, ever } = changingList(given, onChange === 'step back');
          const list = { name: 'things', readPage, keyOf: ({ key }: Entry) => key, onChange };
          const entries = await readPages(list).catch((error) => {
            if (onChange === 'restart' && error instanceof UnexpectedResponse) return undefined;
            throw error;
          });
          if (entries === undefined) return;
          read++;
          const keys = new Set(entries.map(({ key }) => key));
          expect(keys.size).toBe(entries.length);
          expect([...always].filter((key) => !keys.has(key))).toEqual([]);
          expect([...keys].filter((key) => !ever.has(key))).toEqual([]);
        }),
        { numRuns: 1000, interruptAfterTimeLimit: 15_000 },
      );
      expect(read).toBeGreaterThan(500);
    },
  );
});
