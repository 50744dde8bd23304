import { expect } from 'vitest';
import { test } from '../harness/emulator-fixture.ts';
import { addSampleObjects } from './sample-objects.ts';
import { Store } from './store.ts';

const ids = (store: Store) => Array.from({ length: 1000 }, () => store.newId());

test('newId returns the same ids for the same seed, and different ids for a different seed', () => {
  const [first, again, other] = [7, 7, 8].map((seed) => ids(new Store(seed)));
  expect(first).toEqual(again);
  expect(new Set([...(first ?? []), ...(other ?? [])]).size).toBe(2000);
  for (const id of first ?? []) expect(id).toMatch(/^[0-9a-f]{24}$/);
});

test('newId without a seed never repeats an id, even in another store', () => {
  expect(new Set([...ids(new Store()), ...ids(new Store())]).size).toBe(2000);
});

test('two emulators with the same seed have the same ids and objects', async ({ startWith }) => {
  const organisation = async () => {
    const emulator = await startWith({ seed: 1 });
    const host = await emulator.enrol();
    const objects = addSampleObjects(emulator.store, host.systemId);
    return { systemId: host.systemId, objects, graph: emulator.store.snapshot(host.systemId) };
  };
  expect(await organisation()).toEqual(await organisation());
});
