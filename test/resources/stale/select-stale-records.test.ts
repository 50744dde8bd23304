import { expect, test } from 'vitest';
import { selectStaleRecords } from '../../../src/resources/stale/select-stale-records.ts';
import { seededRandom } from '../../emulator/seeded-random.ts';
import { type Decision, decideByRules, NOW_MS, randomCase } from './organisation.ts';

const ORGANISATION_COUNT = 2000;

test(`in ${ORGANISATION_COUNT} random organisations, selectStaleRecords selects the same records as the oracle decideByRules`, () => {
  const counts: Record<Decision, number> = { stale: 0, connected: 0, undated: 0, kept: 0 };
  for (let seed = 0; seed < ORGANISATION_COUNT; seed++) {
    const organisation = randomCase(seededRandom(seed));
    const { records, criteria } = organisation;
    const { stale, connected, undated } = selectStaleRecords(records, criteria, NOW_MS);
    const selected = {
      stale: stale.map(({ record }) => record._id),
      connected: connected.map(({ _id }) => _id),
      undated: undated.map(({ _id }) => _id),
    };
    const expected: Record<Decision, string[]> = {
      stale: [],
      connected: [],
      undated: [],
      kept: [],
    };
    for (const record of records) expected[decideByRules(organisation, record)].push(record._id);
    const { kept, ...decided } = expected;
    expect(selected, `seed ${seed}: ${JSON.stringify(criteria)}`).toEqual(decided);
    for (const key of Object.keys(counts) as Decision[]) counts[key] += expected[key].length;
    expect(new Set(Object.values(selected).flat()).size + kept.length).toBe(records.length);
  }
  console.log(`${ORGANISATION_COUNT} organisations: ${JSON.stringify(counts)}`);
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(100);
});

test('a selected record stays selected when unrelated records are left out; an active or undated record is not selected', () => {
  for (let seed = 0; seed < 300; seed++) {
    const { records, criteria } = randomCase(seededRandom(seed));
    for (const { record, supersededBy } of selectStaleRecords(records, criteria, NOW_MS).stale) {
      const pair = records.filter((one) => one === record || one._id === supersededBy);
      expect(selectStaleRecords(pair, criteria, NOW_MS).stale.map((one) => one.record)).toContain(
        record,
      );
      const revived = [
        { ...record, active: true },
        { ...record, lastContact: 'soon' },
      ];
      for (const one of revived)
        expect(selectStaleRecords([one], criteria, NOW_MS).stale).toEqual([]);
    }
  }
});
