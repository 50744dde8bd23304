import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { HOST_MODULES } from '../../src/modules.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { test } from '../harness/fixture.ts';
import { sampleCallsOf } from '../harness/sample-calls.ts';

const REFUSAL = { kind: 'status', status: 403, text: '{"message":"refused"}' } as const;

/** Refuses every read whose URL contains `urlPart`. */
function refuseToRead({ faults }: Emulator, urlPart: string): void {
  const when = ({ method, url }: { method: string; url: string }) =>
    method === 'GET' && url.includes(urlPart);
  faults.add({ fault: REFUSAL, when, times: Infinity });
}

describe('content of a failed result', () => {
  test('a run that cannot join the only group in its options lists the groups that it read', async ({
    host,
    emulator: { store, faults },
  }) => {
    const [joined, refused] = [store.addGroup(), store.addGroup()];
    store.join(host.systemId, joined);
    faults.refuse(refused, 403);
    const { answer } = await host.run('jumpcloud_group_membership', { groups: [refused] });
    expect(answer).toMatchObject({ failed: true, changed: false, groups: [joined], added: [] });
  });

  test('a run that cannot bind one of two users lists the users that are bound after the run', async ({
    host,
    emulator: { store, faults },
  }) => {
    const [added, refused] = [store.addUser(), store.addUser()];
    faults.refuse(refused, 400);
    const { answer } = await host.run('jumpcloud_user_binding', { users: [added, refused] });
    expect(answer).toMatchObject({ failed: true, changed: true, added: [added] });
    expect(answer['users']).toEqual([{ id: added, sudo: false, sudo_without_password: false }]);
  });

  test('a run that ends with a 401 lists the groups that it read', async ({
    host,
    emulator: { store, faults },
  }) => {
    const [joined, refused] = [store.addGroup(), store.addGroup()];
    store.join(host.systemId, joined);
    faults.refuse(refused, 401);
    const { answer } = await host.run('jumpcloud_group_membership', { groups: [refused] });
    expect(answer.error?.code).toBe('unauthorized');
    expect(answer).toMatchObject({ groups: [joined], added: [], removed: [] });
  });

  test('a run whose settings are refused reports the settings that it read', async ({ host }) => {
    host.hit(REFUSAL, { method: 'PUT' });
    const { answer } = await host.run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ failed: true, changed: false });
    expect(answer['settings']).toMatchObject({ display_name: 'ip-10-0-0-7' });
    expect(answer['system']).toMatchObject({ displayName: 'ip-10-0-0-7' });
  });

  test('if JumpCloud ignores a write, the run reports the settings that JumpCloud returned', async ({
    host,
  }) => {
    host.hit({ kind: 'ignored-write' }, { method: 'PUT' });
    const { answer } = await host.run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer.error?.code).toBe('not_applied');
    expect(answer['settings']).toMatchObject({ display_name: 'ip-10-0-0-7' });
  });

  test('a run whose settings are overwritten repeatedly reports the settings that it read last', async ({
    host,
  }) => {
    const change = (record: unknown) => ({ ...Object(record), displayName: 'other' });
    host.hit({ kind: 'mangle', change }, { method: 'GET', skip: 1, times: Infinity });
    const { answer } = await host.run('jumpcloud_system', { display_name: 'web-1', settle: 0.3 });
    expect(answer.error?.code).toBe('not_applied');
    expect(answer['settings']).toMatchObject({ display_name: 'other' });
    expect(answer['reapplied']).toBe(answer.error?.['reapplied']);
    expect(answer['reapplied']).toBeGreaterThan(0);
  });

  test('jumpcloud_host reports the number of reapplied writes in the result of the section `system`', async ({
    host,
  }) => {
    const change = (record: unknown) => ({ ...Object(record), displayName: 'other' });
    host.hit({ kind: 'mangle', change }, { method: 'GET', skip: 1, times: Infinity });
    const system = { display_name: 'web-1', settle: 0.3 };
    const { answer } = await host.run('jumpcloud_host', { system });
    expect(answer.error).toMatchObject({ code: 'not_applied', section: 'system' });
    const { reapplied } = Object(answer['sections']).system;
    expect(reapplied).toBe(answer.error?.['reapplied']);
    expect(reapplied).toBeGreaterThan(0);
  });

  test.for([
    ['jumpcloud_system', { display_name: 'x', settle: 9 }, (answer: object) => answer],
    [
      'jumpcloud_host',
      { system: { display_name: 'x', settle: 9 } },
      (answer: object) => Object(answer).sections.system,
    ],
  ] as const)(
    '%s does not repeat a refused write of settings',
    async ([module, options, fields], { host }) => {
      host.hit(REFUSAL, { method: 'PUT' });
      const { answer } = await host.run(module, options);
      expect(answer.error?.code).toBe('rejected');
      expect(fields(answer)).toMatchObject({ reapplied: 0 });
    },
  );

  test('a run reads the record again when its write gets a 502 and the retry is refused', async ({
    host,
  }) => {
    host.hit({ kind: 'status', status: 502, applied: true }, { method: 'PUT' });
    host.hit(REFUSAL, { method: 'PUT' });
    const { answer } = await host.run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ changed: true, settings: { display_name: 'web-1' } });
    expect(answer).not.toHaveProperty('error');

    host.hit({ kind: 'status', status: 502 }, { method: 'PUT' });
    host.hit(REFUSAL, { method: 'PUT' });
    const second = (await host.run('jumpcloud_system', { display_name: 'web-2' })).answer;
    expect(second).toMatchObject({ changed: false, error: { code: 'rejected' } });
    expect(second).toMatchObject({ settings: { display_name: 'web-1' } });
  });

  test('a failed result of jumpcloud_host contains every section that was read', async ({
    host,
    emulator: { store, faults },
  }) => {
    const [joined, refused, policy] = [store.addGroup(), store.addGroup(), store.add('policy')];
    store.join(host.systemId, joined);
    host.hit(REFUSAL, { method: 'PUT' });
    faults.refuse(refused, 400);
    const document = { system: { display_name: 'x' }, groups: [refused], policies: [policy] };
    const { answer } = await host.run('jumpcloud_host', document);
    expect(answer).toMatchObject({ failed: true, changed: true });
    expect(answer['sections']).toMatchObject({
      system: { settings: { display_name: 'ip-10-0-0-7' }, system: { id: host.systemId } },
      groups: { groups: [joined], added: [], removed: [] },
      policies: { associations: [{ id: policy }], added: [policy], updated: [], removed: [] },
    });
  });

  test('jumpcloud_host reports the other sections when the read of one section fails', async ({
    host,
    emulator,
  }) => {
    const joined = emulator.store.addGroup();
    emulator.store.join(host.systemId, joined);
    refuseToRead(emulator, 'targets=user&');
    const document = { system: { display_name: 'x' }, groups: [], users: [] };
    const { answer } = await host.run('jumpcloud_host', document);
    emulator.faults.clear();
    expect(answer.error).toMatchObject({ code: 'rejected', section: 'users' });
    const sections = Object(answer['sections']);
    expect(Object.keys(sections).sort()).toEqual(['groups', 'system']);
    expect(sections.groups).toEqual({ groups: [joined], added: [], removed: [] });
    expect(sections.system.settings).toMatchObject({ display_name: 'ip-10-0-0-7' });
  });

  test('jumpcloud_system_info reports the other parts when it cannot read the users', async ({
    host,
    emulator,
  }) => {
    const joined = emulator.store.addGroup();
    emulator.store.join(host.systemId, joined);
    refuseToRead(emulator, '/users?');
    const { answer } = await host.run('jumpcloud_system_info', {});
    emulator.faults.clear();
    expect(answer).toMatchObject({ failed: true, changed: false, enrolled: true });
    expect(answer).toMatchObject({ groups: [joined], settings: { display_name: 'ip-10-0-0-7' } });
    expect(answer).toMatchObject({ associations: { command: [] } });
    expect(answer).not.toHaveProperty('users');
  });
});

describe.concurrent('the system id in a failed result', () => {
  const agentPath = ({ agentDir }: { agentDir: string }, name: string) => join(agentDir, name);
  const OTHER_ID = 'f'.repeat(24);

  describe.for(HOST_MODULES.map(({ name }) => name))('%s', (name) => {
    test('a run with a wrong system_id reports the actual system id', async ({ host }) => {
      const options = { ...sampleCallsOf(name).good, system_id: OTHER_ID };
      const { answer } = await host.run(name, options);
      expect(answer.error?.code).toBe('invalid_arguments');
      expect(answer['system_id']).toBe(host.systemId);
    });

    test('a run on a removed host reports its system id', async ({ host }) => {
      const tombstone = { system_key: host.systemId, removed_at: '2026-11-19T08:00:00Z' };
      writeFileSync(agentPath(host, '.removed-from-jumpcloud'), JSON.stringify(tombstone));
      const { answer } = await host.run(name, sampleCallsOf(name).good);
      expect(answer['system_id']).toBe(host.systemId);
    });

    test('a run with an invalid or missing key reports the system id', async ({ host }) => {
      writeFileSync(agentPath(host, 'client.key'), 'x');
      const { answer } = await host.run(name, sampleCallsOf(name).good);
      expect(answer).toMatchObject({ error: { code: 'bad_identity' }, system_id: host.systemId });
      rmSync(agentPath(host, 'client.key'));
      const missing = await host.run(name, sampleCallsOf(name).good);
      expect(missing.answer['system_id']).toBe(host.systemId);
    });
  });
});
