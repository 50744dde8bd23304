import { expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { seededRandom } from '../../emulator/seeded-random.ts';
import type { Store } from '../../emulator/store.ts';
import { mapConcurrently } from '../../faults/map-concurrently.ts';
import { runMeasured } from '../../faults/run-measured.ts';
import { test } from '../../harness/fixture.ts';
import { sampleSize } from '../../harness/sample-size.ts';
import { callAdminModule, serviceAccountOptions } from './admin-call.ts';

const MODULE = 'jumpcloud_stale_systems';
const DAY_MS = 86_400_000;
const STORM_RUNS = sampleSize(60);
const RECORD_COUNT = sampleSize(20_000);
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const isStale = (record: Readonly<Record<string, unknown>> | undefined) =>
  record?.['active'] === false &&
  Date.parse(String(record['lastContact'])) < Date.now() - 30 * DAY_MS;

/** Adds a record that is stale with the given probability. */
function addRecord(store: Store, random: () => number, staleShare: number): string {
  const isStaleRecord = random() < staleShare;
  const lastContact = daysAgo(isStaleRecord ? 31 + 50 * random() : 29 * random());
  return store.addRecord({
    hostname: `host-${Math.floor(random() * 1e6)}`,
    active: !isStaleRecord && random() < 0.8,
    lastContact,
    attributes: [{ name: 'instance_id', value: `i-${Math.floor(random() * 1e9)}` }],
  });
}

test('a long list is read completely even if records are created and deleted before each page is read', {
  timeout: 120_000,
}, async ({ startWith }) => {
  const emulator: Emulator = await startWith();
  const { store } = emulator;
  const random = seededRandom(7);
  for (let i = 0; i < RECORD_COUNT; i++) addRecord(store, random, 0.02);
  const permanentIds = new Set(store.systems.keys());
  const changeRecords = () => {
    const ids = [...store.systems.keys()].sort();
    // Deleting a record of an earlier page moves all later records forward.
    for (let i = 0; i < 3; i++) {
      const id = ids[Math.floor(random() * ids.length * (i < 2 ? 0.1 : 1))] ?? '';
      store.removeSystem(id);
      permanentIds.delete(id);
    }
    for (let i = 0; i < 3; i++) addRecord(store, random, 0);
  };
  emulator.faults.add({
    fault: { kind: 'concurrent', when: 'before', change: changeRecords },
    when: ({ url }) => url === '/api/search/systems',
    times: Number.POSITIVE_INFINITY,
  });
  const options = {
    ...serviceAccountOptions(emulator, store.serviceAccounts.add()),
    inactive_days: 30,
  };
  const { answer, seconds, peakMb } = await runMeasured(MODULE, options);
  expect(answer.failed, answer.msg).toBeUndefined();
  const ids = (answer['stale'] as { id: string }[]).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const expected = [...permanentIds].filter((id) => isStale(store.systems.get(id)?.record));
  expect(expected.filter((id) => !ids.includes(id))).toEqual([]);
  // The result may contain records that were deleted during the read.
  expect(ids.filter((id) => store.systems.has(id)).sort()).toEqual(expected.sort());
  console.log(
    `${RECORD_COUNT} records, 3 created and 3 deleted at each page: ${emulator.requests.length} requests, ${seconds.toFixed(1)} s, ${Math.round(peakMb)} MB, ${ids.length} stale`,
  );
  expect(emulator.requests.length).toBeLessThan(RECORD_COUNT / 40);
  expect(peakMb).toBeLessThan(200);
});

test('a run with random faults deletes only stale records and lists every record that it deletes', {
  timeout: 300_000,
}, async ({ startWith }) => {
  const outcomes: Record<string, number> = {};
  let deletions = 0;
  const runStorm = async (seed: number) => {
    const emulator: Emulator = await startWith();
    const { store, faults } = emulator;
    const random = seededRandom(seed);
    for (let i = 0; i < 40; i++) addRecord(store, random, 0.2);
    let isOtherRun = false;
    const deletedByRun = new Set<string>();
    const wronglyDeleted: string[] = [];
    const removeSystem = store.removeSystem.bind(store);
    store.removeSystem = (id) => {
      const record = store.systems.get(id)?.record;
      if (record !== undefined && !isOtherRun) {
        deletedByRun.add(id);
        if (!isStale(record)) wronglyDeleted.push(id);
      }
      removeSystem(id);
    };
    // Before the run reads a record, the host connects, or someone else deletes the record.
    for (const id of store.systems.keys()) {
      if (random() < 0.5) continue;
      const hostConnects = random() < 0.6;
      const changeRecords = () => {
        isOtherRun = true;
        if (!hostConnects) store.removeSystem(id);
        else if (store.systems.has(id)) Object.assign(store.record(id), { active: true });
        isOtherRun = false;
      };
      faults.add({
        fault: { kind: 'concurrent', when: 'before', change: changeRecords },
        when: ({ method, url }) => method === 'GET' && url.endsWith(id),
        skip: Math.floor(random() * 3),
      });
    }
    const { serviceAccounts } = store;
    faults.storm(seed, { serverError: 0.2, rateLimit: 0.03, resetBefore: 0.1, resetAfter: 0.1 });
    const answer = await callAdminModule(MODULE, {
      ...serviceAccountOptions(emulator, serviceAccounts.add({ lifetime: 0.4 })),
      inactive_days: 30,
      state: 'absent',
      max_deletions: 40,
      max_percent: 100,
      timeout: 6,
    });
    const deleted = (answer['deleted'] ?? []) as string[];
    const inDoubt = (answer.error?.['in_doubt'] ?? []) as string[];
    const context = `seed ${seed}: ${answer.msg}`;
    deletions += deleted.length;
    const code = answer.error?.code ?? 'ok';
    outcomes[code] = (outcomes[code] ?? 0) + 1;
    expect(wronglyDeleted, context).toEqual([]);
    // Every listed record is gone, and every deleted record is listed.
    expect(
      deleted.filter((id) => store.systems.has(id)),
      context,
    ).toEqual([]);
    const listed = new Set([...deleted, ...inDoubt]);
    expect(
      [...deletedByRun].filter((id) => !listed.has(id)),
      context,
    ).toEqual([]);
    expect(listed.size, context).toBe(deleted.length + inDoubt.length);
    expect(answer.changed, context).toBe(deleted.length > 0);
    await emulator.close();
  };
  await mapConcurrently(
    Array.from({ length: STORM_RUNS }, (_, seed) => seed),
    8,
    runStorm,
  );
  console.log(`${STORM_RUNS} storms: ${deletions} deletions, ${JSON.stringify(outcomes)}`);
  // A slow machine makes fewer deletions, because the token and the timeout expire.
  expect(deletions).toBeGreaterThan(0);
});
