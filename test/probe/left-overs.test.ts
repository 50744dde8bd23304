import { describe, expect } from 'vitest';
import { takeCredentials } from '../../scripts/probe/credentials.ts';
import { UnusableHost } from '../../scripts/probe/host-check.ts';
import { SurveyError } from '../../scripts/probe/organisation.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { READ_ONLY_ROLE } from '../emulator/service-accounts.ts';
import { test } from '../harness/emulator-fixture.ts';
import { answersOf, probe, RECORD, stateOf } from './probe-emulator.ts';

const NAME = 'jsc-probe-0a1b2c3d';
const isCreation = ({ method, url }: { method: string; url: string }) =>
  method === 'POST' && ['/api/v2/systemgroups', '/api/systemusers'].includes(url);

describe('left-overs of an earlier run', () => {
  test('a probe run removes left-overs, restores the record, and keeps objects with similar names', async ({
    emulator,
  }) => {
    const { store } = emulator;
    const host = await emulator.enrol({ record: structuredClone(RECORD) });
    const { systemId } = host;
    addSampleObjects(store, systemId);
    for (const name of ['jsc-probe-web', `${NAME}-group-12`, `my-${NAME}-group-1`]) {
      store.join(systemId, store.addNamed('system_group', name));
    }
    // A person's account that happens to have the name of a test user.
    store.addNamed('user', { name: `${NAME}-user-3`, email: 'ada@example.org' });
    const before = stateOf(emulator, host);
    for (const label of ['group-1', 'dynamic-2']) {
      store.join(systemId, store.addNamed('system_group', `${NAME}-${label}`));
    }
    const username = `${NAME}-user-1`;
    const user = store.addNamed('user', { name: username, email: `${username}@example.com` });
    store.associate(systemId, 'user', user);
    Object.assign(store.record(systemId), {
      description: `${NAME} systemInsights=enabled: web server`,
      systemInsights: { state: 'deferred' },
      primarySystemUser: { id: user },
    });
    const outcome = await probe(emulator, host, { stop: AbortSignal.abort() });
    expect(stateOf(emulator, host)).toEqual(before);
    expect(outcome.asked).toEqual([]);
    expect(emulator.requests.some(isCreation)).toBe(false);
  });

  test('a probe run creates nothing if it cannot remove left-overs', async ({ startWith }) => {
    const emulator = await startWith();
    const host = await emulator.enrol();
    emulator.store.addNamed('system_group', `${NAME}-group-1`);
    const refused = { kind: 'status', status: 403 } as const;
    emulator.faults.add({ fault: refused, when: ({ method }) => method === 'DELETE', times: 99 });
    await expect(probe(emulator, host)).rejects.toThrow(UnusableHost);
    expect(emulator.requests.some(isCreation)).toBe(false);
  });
});

describe('a run', () => {
  test("a probe run creates nothing if the administrator cannot read this host's record", async ({
    startWith,
  }) => {
    const emulator = await startWith();
    const host = await emulator.enrol();
    const path = `/api/systems/${host.systemId}`;
    // The host sends the first three reads of its record. The administrator sends the next one.
    const when = ({ url }: { url: string }) => url === path;
    emulator.faults.add({ fault: { kind: 'status', status: 404 }, when, skip: 3 });
    await expect(probe(emulator, host)).rejects.toThrow('another organisation');
    expect(emulator.requests.some(isCreation)).toBe(false);
  });

  test("a probe run changes nothing if the administrator's credentials are wrong or read-only", async ({
    startWith,
  }) => {
    const emulator = await startWith();
    const host = await emulator.enrol({ record: structuredClone(RECORD) });
    const before = stateOf(emulator, host);
    const wrong = takeCredentials({ JUMPCLOUD_API_KEY: 'jca_wrong' });
    await expect(probe(emulator, host, { credentials: wrong })).rejects.toThrow(SurveyError);
    const readOnly = takeCredentials({
      JUMPCLOUD_API_KEY: emulator.store.addApiKey({ role: READ_ONLY_ROLE }),
    });
    const outcome = await probe(emulator, host, { credentials: readOnly });
    expect(answersOf(outcome)['graph_lag']).toMatch('could not be created (status 403)');
    expect(stateOf(emulator, host)).toEqual(before);
  });

  test.for([1, 2])(
    'a probe run removes all its objects although requests fail at random (seed %i)',
    async (seed, { startWith }) => {
      const emulator = await startWith();
      const host = await emulator.enrol({ record: structuredClone(RECORD) });
      addSampleObjects(emulator.store, host.systemId);
      const before = stateOf(emulator, host);
      const rates = { serverError: 0.02, rateLimit: 0.01, resetBefore: 0.01, resetAfter: 0.02 };
      emulator.faults.storm(seed, rates);
      await probe(emulator, host);
      expect(stateOf(emulator, host)).toEqual(before);
    },
  );
});
