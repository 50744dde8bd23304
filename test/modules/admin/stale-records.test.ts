import { expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { seededRandom } from '../../emulator/seeded-random.ts';
import type { Store } from '../../emulator/store.ts';
import { mapConcurrently } from '../../faults/map-concurrently.ts';
import { runMeasured } from '../../faults/run-measured.ts';
import { test } from '../../harness/fixture.ts';
import { sampleSize } from '../../harness/sample-size.ts';
import { asServiceAccount, callWith } from './admin-call.ts';

const MODULE = 'jumpcloud_stale_systems';
const DAY = 86_400_000;
const STORMS = sampleSize(60);
const RECORDS = sampleSize(20_000);
const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();
const isStale = (record: Readonly<Record<string, unknown>> | undefined) =>
  record?.['active'] === false && Date.parse(String(record['lastContact'])) < Date.now() - 30 * DAY;

/** Adds a record that is stale with the given probability. */
function addRecord(store: Store, random: () => number, staleShare: number): string {
  const stale = random() < staleShare;
  const lastContact = ago(stale ? 31 + 50 * random() : 29 * random());
  return store.addRecord({
    hostname: `host-${Math.floor(random() * 1e6)}`,
    active: !stale && random() < 0.8,
    lastContact,
    attributes: [{ name: 'instance_id', value: `i-${Math.floor(random() * 1e9)}` }],
  });
}

test('a long list is read whole while records are created and deleted on every page', {
  timeout: 120_000,
}, async ({ startWith }) => {
  const emulator: Emulator = await startWith();
  const { store } = emulator;
  const random = seededRandom(7);
  for (let i = 0; i < RECORDS; i++) addRecord(store, random, 0.02);
  const throughout = new Set(store.systems.keys());
  const change = () => {
    const ids = [...store.systems.keys()].sort();
    // Deleting records of pages that were read moves all others forward.
    for (let i = 0; i < 3; i++) {
      const id = ids[Math.floor(random() * ids.length * (i < 2 ? 0.1 : 1))] ?? '';
      store.removeSystem(id);
      throughout.delete(id);
    }
    for (let i = 0; i < 3; i++) addRecord(store, random, 0);
  };
  emulator.faults.add({
    fault: { kind: 'concurrent', when: 'before', change },
    when: ({ url }) => url === '/api/search/systems',
    times: Number.POSITIVE_INFINITY,
  });
  const options = { ...asServiceAccount(emulator, store.serviceAccounts.add()), inactive_days: 30 };
  const { answer, seconds, peakMb } = await runMeasured(MODULE, options);
  expect(answer.failed, answer.msg).toBeUndefined();
  const ids = (answer['stale'] as { id: string }[]).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const expected = [...throughout].filter((id) => isStale(store.systems.get(id)?.record));
  expect(expected.filter((id) => !ids.includes(id))).toEqual([]);
  // Selected records that are not expected were deleted while the list was read.
  expect(ids.filter((id) => store.systems.has(id)).sort()).toEqual(expected.sort());
  console.log(
    `${RECORDS} records, 3 created and 3 deleted at each page: ${emulator.requests.length} requests, ${seconds.toFixed(1)} s, ${Math.round(peakMb)} MB, ${ids.length} stale`,
  );
  expect(emulator.requests.length).toBeLessThan(RECORDS / 40);
  expect(peakMb).toBeLessThan(200);
});

test('faults while deleting never delete a wrong record, and the lists stay true', {
  timeout: 300_000,
}, async ({ startWith }) => {
  const outcomes: Record<string, number> = {};
  let deletions = 0;
  const storm = async (seed: number) => {
    const emulator: Emulator = await startWith();
    const { store, faults } = emulator;
    const random = seededRandom(seed);
    for (let i = 0; i < 40; i++) addRecord(store, random, 0.2);
    let isSomeoneElse = false;
    const byRun = new Set<string>();
    const wrong: string[] = [];
    const removeSystem = store.removeSystem.bind(store);
    store.removeSystem = (id) => {
      const record = store.systems.get(id)?.record;
      if (record !== undefined && !isSomeoneElse) {
        byRun.add(id);
        if (!isStale(record)) wrong.push(id);
      }
      removeSystem(id);
    };
    // Hosts connect, and someone else deletes records, before one of the reads of a record.
    for (const id of store.systems.keys()) {
      if (random() < 0.5) continue;
      const connects = random() < 0.6;
      const change = () => {
        isSomeoneElse = true;
        if (!connects) store.removeSystem(id);
        else if (store.systems.has(id)) Object.assign(store.record(id), { active: true });
        isSomeoneElse = false;
      };
      faults.add({
        fault: { kind: 'concurrent', when: 'before', change },
        when: ({ method, url }) => method === 'GET' && url.endsWith(id),
        skip: Math.floor(random() * 3),
      });
    }
    const { serviceAccounts } = store;
    faults.storm(seed, { serverError: 0.2, rateLimit: 0.03, resetBefore: 0.1, resetAfter: 0.1 });
    const answer = await callWith(MODULE, {
      ...asServiceAccount(emulator, serviceAccounts.add({ lifetime: 0.4 })),
      inactive_days: 30,
      state: 'absent',
      max_deletions: 40,
      max_percent: 100,
      timeout: 6,
    });
    const deleted = (answer['deleted'] ?? []) as string[];
    const inDoubt = (answer.error?.['in_doubt'] ?? []) as string[];
    const what = `seed ${seed}: ${answer.msg}`;
    deletions += deleted.length;
    const code = answer.error?.code ?? 'ok';
    outcomes[code] = (outcomes[code] ?? 0) + 1;
    expect(wrong, what).toEqual([]);
    // A listed record is gone, and every record that this run has deleted is listed.
    expect(
      deleted.filter((id) => store.systems.has(id)),
      what,
    ).toEqual([]);
    const listed = new Set([...deleted, ...inDoubt]);
    expect(
      [...byRun].filter((id) => !listed.has(id)),
      what,
    ).toEqual([]);
    expect(listed.size, what).toBe(deleted.length + inDoubt.length);
    expect(answer.changed, what).toBe(deleted.length > 0);
    await emulator.close();
  };
  await mapConcurrently(
    Array.from({ length: STORMS }, (_, seed) => seed),
    8,
    storm,
  );
  console.log(`${STORMS} storms: ${deletions} deletions, ${JSON.stringify(outcomes)}`);
  // Fewer on a slow machine, because the token and the budget expire.
  expect(deletions).toBeGreaterThan(0);
});
