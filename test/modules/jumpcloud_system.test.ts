import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import type { Fault } from '../emulator/faults.ts';
import type { SystemRecord } from '../emulator/types.ts';
import { type CallOptions, predictionOf, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

const USER = '0123456789abcdef01234567';
const OTHER_USER = 'fedcba987654321001234567';
let emulator: Emulator;

test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

/** Enrols a host for one test. Returns operations on the host. */
async function enrolHost(record: Partial<SystemRecord> = {}) {
  const host = await emulator.enrol({ record });
  const { systemId } = host;
  let seen = 0;
  return {
    systemId,
    run: async (options: Record<string, unknown>, call: CallOptions = {}) => {
      const allOptions = { agent_dir: host.agentDir, api_url: emulator.url, ...options };
      return (await runModule('jumpcloud_system', allOptions, call)).answer;
    },
    /** Returns the requests of this host since the last call. */
    requests: () => {
      const own = emulator.requests.filter((request) => request.systemId === systemId);
      const fresh = own.slice(seen);
      seen = own.length;
      return fresh.map(({ method, body }) => ({ method, body }));
    },
    record: () => emulator.store.record(systemId),
    hit: (method: string, fault: Fault, times = 1, skip = 0) =>
      emulator.faults.add({
        fault,
        when: (request) => request.method === method && request.url.includes(systemId),
        times,
        skip,
      }),
  };
}

const GET = { method: 'GET', body: undefined };
const put = (body: object) => ({ method: 'PUT', body });
const attribute = (name: string, value: string) => ({ name, value });

describe.concurrent('a single option', () => {
  interface Row {
    readonly options: Record<string, unknown>;
    readonly from?: Partial<SystemRecord>;
    readonly body: object;
    readonly diff: [before: unknown, after: unknown];
  }
  const rackAndOwner = { attributes: [attribute('rack', '12'), attribute('owner', 'ops')] };
  const rows: Row[] = [
    {
      options: { display_name: 'web-1' },
      body: { displayName: 'web-1' },
      diff: ['ip-10-0-0-7', 'web-1'],
    },
    { options: { display_name: '' }, body: { displayName: '' }, diff: ['ip-10-0-0-7', ''] },
    {
      options: { description: 'Größe 😀\n"two" lines' },
      body: { description: 'Größe 😀\n"two" lines' },
      diff: ['', 'Größe 😀\n"two" lines'],
    },
    {
      options: { description: '' },
      from: { description: 'old' },
      body: { description: '' },
      diff: ['old', ''],
    },
    {
      options: { allow_ssh_root_login: true },
      body: { allowSshRootLogin: true },
      diff: [false, true],
    },
    {
      options: { allow_ssh_password_authentication: false },
      body: { allowSshPasswordAuthentication: false },
      diff: [true, false],
    },
    {
      options: { allow_public_key_authentication: false },
      body: { allowPublicKeyAuthentication: false },
      diff: [true, false],
    },
    {
      options: { allow_multi_factor_authentication: true },
      body: { allowMultiFactorAuthentication: true },
      diff: [false, true],
    },
    {
      options: { primary_user: USER },
      body: { 'primarySystemUser.id': USER },
      diff: ['', USER],
    },
    {
      options: { primary_user: USER },
      from: { primarySystemUser: { id: OTHER_USER } },
      body: { 'primarySystemUser.id': USER },
      diff: [OTHER_USER, USER],
    },
    {
      options: { primary_user: '' },
      from: { primarySystemUser: { id: OTHER_USER } },
      body: { 'primarySystemUser.id': null },
      diff: [OTHER_USER, ''],
    },
    {
      options: { attributes: { tier: 'web' } },
      from: rackAndOwner,
      body: { attributes: [...rackAndOwner.attributes, attribute('tier', 'web')] },
      diff: [{}, { tier: 'web' }],
    },
    {
      options: { attributes: { rack: '13' } },
      from: rackAndOwner,
      body: { attributes: [attribute('rack', '13'), attribute('owner', 'ops')] },
      diff: [{ rack: '12' }, { rack: '13' }],
    },
    {
      options: { attributes: { rack: null, absent: null } },
      from: rackAndOwner,
      body: { attributes: [attribute('owner', 'ops')] },
      diff: [{ rack: '12' }, {}],
    },
    {
      options: { attributes: { rack: '12' }, purge_attributes: true },
      from: rackAndOwner,
      body: { attributes: [attribute('rack', '12')] },
      diff: [{ rack: '12', owner: 'ops' }, { rack: '12' }],
    },
    {
      options: { attributes: {}, purge_attributes: true },
      from: rackAndOwner,
      body: { attributes: [] },
      diff: [{ rack: '12', owner: 'ops' }, {}],
    },
    {
      options: { attributes: { empty: '' } },
      body: { attributes: [attribute('empty', '')] },
      diff: [{}, { empty: '' }],
    },
  ];

  const named = rows.map((row) => [row.options, row] as const);
  test.each(named)(
    'the options %j are applied once, as check mode predicts',
    async (options, { from, body, diff: [before, after] }) => {
      const host = await enrolHost(from);
      const option = Object.keys(options)[0] ?? '';
      const initial = structuredClone(host.record());

      const predicted = await host.run(options, { flags: ['--check', '--diff'] });
      expect(host.requests()).toEqual([GET]);
      expect(host.record()).toEqual(initial);

      const changed = await host.run(options, { flags: ['--diff'] });
      // A run that writes attributes reads the record again when it holds the lock.
      const readsUnderLock = 'attributes' in options ? [GET] : [];
      expect(host.requests()).toEqual([GET, ...readsUnderLock, put(body)]);
      expect(changed).toMatchObject({
        changed: true,
        msg: `Changed ${option}.`,
        system_id: host.systemId,
        warnings: [],
      });
      expect(changed.diff).toEqual({ before: { [option]: before }, after: { [option]: after } });
      expect(changed['system']).toEqual(host.record());
      expect(predicted).toEqual(predictionOf(changed));

      const again = await host.run(options, { flags: ['--diff'] });
      expect(host.requests()).toEqual([GET]);
      expect(again).toMatchObject({ changed: false, msg: 'Nothing to change.' });
      expect(again.diff).toEqual({ before: { [option]: after }, after: { [option]: after } });
      expect(again['system']).toEqual(changed['system']);
    },
  );
});

test('a run sends all its changes of settings in one write', async () => {
  const host = await enrolHost({ attributes: [attribute('rack', '12')] });
  const all = {
    display_name: 'web-1',
    description: 'front',
    allow_ssh_root_login: true,
    allow_ssh_password_authentication: false,
    allow_public_key_authentication: false,
    allow_multi_factor_authentication: true,
    primary_user: USER,
    attributes: { tier: 'web' },
  };
  const unset = {
    ...all,
    description: '',
    primary_user: '',
    attributes: { tier: null },
  };
  const purged = { ...unset, attributes: {}, purge_attributes: true };
  const [rack, tier] = [attribute('rack', '12'), attribute('tier', 'web')];
  const steps: [options: object, changes: object][] = [
    [
      all,
      {
        displayName: 'web-1',
        description: 'front',
        allowSshRootLogin: true,
        allowSshPasswordAuthentication: false,
        allowPublicKeyAuthentication: false,
        allowMultiFactorAuthentication: true,
        'primarySystemUser.id': USER,
        attributes: [rack, tier],
      },
    ],
    [
      { ...all, display_name: 'web-2', allow_ssh_root_login: false },
      { displayName: 'web-2', allowSshRootLogin: false },
    ],
    [{ ...all, allow_ssh_root_login: false }, { displayName: 'web-1' }],
    [
      unset,
      {
        description: '',
        allowSshRootLogin: true,
        'primarySystemUser.id': null,
        attributes: [rack],
      },
    ],
    [purged, { attributes: [] }],
  ];
  for (const [options, changes] of steps) {
    expect(await host.run({ ...options })).toMatchObject({ changed: true });
    const readsUnderLock = 'attributes' in changes ? [GET] : [];
    expect(host.requests()).toEqual([GET, ...readsUnderLock, put(changes)]);
    expect(await host.run({ ...options })).toMatchObject({ changed: false });
    expect(host.requests()).toEqual([GET]);
  }
});

describe.concurrent('options that match the record', () => {
  const rows: [string, Partial<SystemRecord>, Record<string, unknown>][] = [
    ['no options', {}, {}],
    ['an empty description that the record lacks', {}, { description: '' }],
    [
      'an empty description that is null in the record',
      { description: null } as object,
      { description: '' },
    ],
    [
      'an empty primary user whose id is null in the record',
      { primarySystemUser: { id: null } },
      { primary_user: '' },
    ],
    [
      'an empty primary user that is null in the record',
      { primarySystemUser: null } as object,
      { primary_user: '' },
    ],
    [
      'a primary user in upper case',
      { primarySystemUser: { id: USER } },
      { primary_user: USER.toUpperCase() },
    ],
    [
      'the removal of an attribute that does not exist',
      { attributes: [attribute('a', '1')] },
      { attributes: { b: null } },
    ],
    [
      'attributes in another order',
      { attributes: [attribute('b', '2'), attribute('a', '1')] },
      { attributes: { a: '1', b: '2' }, purge_attributes: true },
    ],
    [
      'empty attributes that are null in the record',
      { attributes: null } as object,
      { attributes: {} },
    ],
    [
      'an attribute next to one that the record holds twice',
      { attributes: [attribute('x', '1'), attribute('x', '2'), attribute('a', '1')] },
      { attributes: { a: '1' } },
    ],
    ['a number that equals the text in the record', { displayName: '42' }, { display_name: 42 }],
    [
      'a boolean that equals the text in the record',
      { displayName: 'true' },
      { display_name: true },
    ],
    ['null for several options', {}, { display_name: null, attributes: null, settle: null }],
    ['the boolean yes', { allowSshRootLogin: true }, { allow_ssh_root_login: 'yes' }],
    ['the boolean On', { allowSshRootLogin: true }, { allow_ssh_root_login: 'On' }],
    ['the boolean 1', { allowSshRootLogin: true }, { allow_ssh_root_login: 1 }],
    ['the boolean F', {}, { allow_ssh_root_login: 'F' }],
    ['the boolean 0 as text', {}, { allow_ssh_root_login: '0' }],
    [
      'attributes as JSON text with a number as a value',
      { attributes: [attribute('a', '1')] },
      { attributes: '{"a": 1}', purge_attributes: 'no', settle: '0', timeout: '5.5' },
    ],
  ];
  test.each(rows)('a run with %s reads once and writes nothing', async (_, record, options) => {
    const host = await enrolHost(record);
    expect(await host.run(options)).toMatchObject({ changed: false, msg: 'Nothing to change.' });
    expect(host.requests()).toEqual([GET]);
  });
});

describe('a record with the key primarySystemUser.id', () => {
  test('a primary user in the flat field primarySystemUser.id is set and cleared as check mode predicts', async ({
    startWith,
  }) => {
    const flatEmulator = await startWith();
    flatEmulator.store.flatPrimaryUser = true;
    const host = await flatEmulator.enrol();
    const run = async (primary_user: string, ...flags: string[]) => {
      const options = { agent_dir: host.agentDir, api_url: flatEmulator.url, primary_user };
      return (await runModule('jumpcloud_system', options, { flags })).answer;
    };
    const predicted = await run(USER, '--check', '--diff');
    const changed = await run(USER, '--diff');
    expect(predicted).toEqual(predictionOf(changed));
    expect(changed).toMatchObject({ changed: true, system: { 'primarySystemUser.id': USER } });
    expect(changed['system']).not.toHaveProperty('primarySystemUser');
    expect(await run(USER)).toMatchObject({ changed: false });
    expect(await run('', '--check')).toEqual(predictionOf(await run('')));
    expect(await run('')).toMatchObject({
      changed: false,
      system: { 'primarySystemUser.id': null },
    });
  });
});

describe('attributes', () => {
  test('an attribute with an unusual name is set and removed', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'ключ 😀', ' a b ', '"', '123'];
    const host = await enrolHost({ attributes: [attribute('hasOwnProperty', 'kept')] });
    const named = (value: unknown) =>
      JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)}}`);

    const predicted = await host.run({ attributes: named('x') }, { flags: ['--check', '--diff'] });
    const set = await host.run({ attributes: named('x') }, { flags: ['--diff'] });
    expect(JSON.stringify(predicted)).toBe(JSON.stringify(predictionOf(set)));
    expect(
      host
        .record()
        .attributes.map(({ name }) => name)
        .sort(),
    ).toEqual(['hasOwnProperty', ...names].sort());
    expect(Object.entries(Object(set.diff?.after['attributes'])).sort()).toEqual(
      names.map((name) => [name, 'x']).sort(),
    );
    const { module_args } = Object(set['invocation']);
    expect(Object.keys(module_args.attributes).sort()).toEqual([...names].sort());
    expect(await host.run({ attributes: named('x') })).toMatchObject({ changed: false });

    expect(await host.run({ attributes: named(null) })).toMatchObject({ changed: true });
    expect(host.record().attributes).toEqual([attribute('hasOwnProperty', 'kept')]);
  });

  test('a duplicate attribute is merged only if the options name it', async () => {
    const twice = [attribute('x', '1'), attribute('a', '1'), attribute('x', '2')];
    const host = await enrolHost({ attributes: [...twice, attribute('a', '3')] });
    expect(await host.run({ attributes: { a: '2' } })).toMatchObject({ changed: true });
    expect(host.record().attributes).toEqual([
      attribute('x', '1'),
      attribute('a', '2'),
      attribute('x', '2'),
    ]);
    expect(await host.run({ attributes: { a: '2' } })).toMatchObject({ changed: false });
  });

  test('a run changes nothing if the server has reordered the attributes', async () => {
    const host = await enrolHost();
    await host.run({ attributes: { b: '2', a: '1' } });
    host.record().attributes.reverse();
    expect(await host.run({ attributes: { b: '2', a: '1' } })).toMatchObject({ changed: false });
  });

  test('a run whose read of the record gets a 404 fails with a message that says what to do', async () => {
    const host = await enrolHost();
    host.hit('GET', { kind: 'status', status: 404 });
    const { msg } = await host.run({});
    expect(msg).toMatch(
      /\(404\)\. The record was deleted, or belongs to another region\. .* set the option region\./,
    );
  });

  const setField = (field: string, value: unknown) => (body: unknown) => ({
    ...Object(body),
    [field]: value,
  });
  const rows: [name: string, fault: Fault, code: string][] = [
    ['a 500', { kind: 'status', status: 500 }, 'unavailable'],
    ['a 401', { kind: 'status', status: 401 }, 'unauthorized'],
    ['a 404', { kind: 'status', status: 404 }, 'not_found'],
    ['a 204', { kind: 'status', status: 204, text: '' }, 'unexpected_response'],
    ['a connection reset', { kind: 'reset-before' }, 'unavailable'],
    ['a truncated record', { kind: 'truncated' }, 'unavailable'],
    ['HTML', { kind: 'body', text: '<html>' }, 'unexpected_response'],
    ['an empty object', { kind: 'body', text: '{}' }, 'unexpected_response'],
    [
      'the record of another system',
      { kind: 'mangle', change: setField('_id', OTHER_USER) },
      'unexpected_response',
    ],
    [
      'attributes that are text',
      { kind: 'mangle', change: setField('attributes', 'a') },
      'unexpected_response',
    ],
    [
      'attributes without names',
      { kind: 'mangle', change: setField('attributes', [{ value: 'a' }]) },
      'unexpected_response',
    ],
  ];
  test.concurrent.each(rows)(
    'a run does not write attributes when the read results in %s',
    async (_, fault, code) => {
      const attributes = [attribute('rack', '12')];
      const host = await enrolHost({ attributes });
      host.hit('GET', fault, 100);
      const answer = await host.run({ attributes: { a: '1' }, timeout: 3 });
      expect(answer).toMatchObject({ changed: false, failed: true, error: { code } });
      expect(new Set(host.requests().map(({ method }) => method))).toEqual(new Set(['GET']));
      expect(host.record().attributes).toEqual(attributes);
    },
  );
});

describe('a write', () => {
  test('a write that JumpCloud ignores fails with not_applied and is not reported as a change', async () => {
    const host = await enrolHost();
    host.hit('PUT', { kind: 'ignored-write' });
    const answer = await host.run({ display_name: 'web-1', attributes: { a: '1' } });
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      system_id: host.systemId,
      error: { code: 'not_applied', options: ['display_name', 'attributes'] },
    });
    expect(answer.msg).toMatch(/display_name is "ip-10-0-0-7" instead of "web-1"/);
    expect(answer['settings']).toMatchObject({ display_name: 'ip-10-0-0-7' });
  });

  test('a partly applied write fails with not_applied and is reported as a change', async () => {
    const host = await enrolHost();
    host.hit('PUT', {
      kind: 'mangle',
      change: (body) => ({ ...Object(body), allowSshRootLogin: false }),
    });
    expect(await host.run({ display_name: 'web-1', allow_ssh_root_login: true })).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'not_applied', options: ['allow_ssh_root_login'] },
      system: { displayName: 'web-1' },
    });
  });

  test('the message of a refused write quotes the reason from JumpCloud', async () => {
    const host = await enrolHost();
    const message = 'Attribute\n name taken';
    host.hit('PUT', { kind: 'status', status: 422, text: JSON.stringify({ message }) });
    const answer = await host.run({ display_name: 'web-1' });
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'rejected', status: 422, jumpcloud_message: 'Attribute name taken' },
    });
  });

  test('a write with a lost answer is retried and reported as a change', async () => {
    const host = await enrolHost();
    host.hit('PUT', { kind: 'reset-after' });
    expect(await host.run({ display_name: 'web-1' })).toMatchObject({ changed: true });
    const body = { displayName: 'web-1' };
    expect(host.requests()).toEqual([GET, put(body), put(body)]);
  });
});

describe.concurrent('settle', () => {
  const display_name = 'web-1';
  const overwritten = { displayName: 'ip-10-0-0-7' };
  const methods = (requests: { method: string }[]) =>
    requests.map(({ method }) => method).join(' ');

  test('a run with the option `settle` reads the record again after a write', async () => {
    const host = await enrolHost();
    const answer = await host.run({ display_name, settle: 1 });
    expect(answer).toMatchObject({ changed: true, reapplied: 0 });
    expect(methods(host.requests())).toBe('GET PUT GET');
  });

  test('a run with the option `settle` repeats an overwritten write until the value holds', async () => {
    const host = await enrolHost();
    emulator.initialisationRace(host.systemId, { afterMs: 200, fields: overwritten });
    const answer = await host.run({ display_name, settle: 1 }, { flags: ['--diff'] });
    expect(answer).toMatchObject({
      changed: true,
      reapplied: 1,
      system: { displayName: 'web-1' },
      diff: { before: { display_name: 'ip-10-0-0-7' }, after: { display_name: 'web-1' } },
    });
    expect(methods(host.requests())).toBe('GET PUT GET PUT GET');
    expect(host.record().displayName).toBe('web-1');
  });

  test('a run with the option `settle` writes again only the settings that were overwritten, and keeps attributes that the agent has added', async () => {
    const host = await enrolHost();
    const fields = { ...overwritten, attributes: [attribute('agent', '1')] };
    emulator.initialisationRace(host.systemId, { afterMs: 200, fields });
    const options = { display_name, description: 'front', attributes: { a: '1' }, settle: 1 };
    expect(await host.run(options)).toMatchObject({ changed: true, reapplied: 1 });
    const attributes = [attribute('agent', '1'), attribute('a', '1')];
    expect(host.requests().at(-2)).toEqual(put({ displayName: 'web-1', attributes }));
  });

  test('a run with the option `settle` fails with not_applied if the settings are still overwritten after three times the settle time', async () => {
    const host = await enrolHost();
    emulator.initialisationRace(host.systemId, { afterMs: 100, fields: overwritten, times: 100 });
    const start = performance.now();
    const answer = await host.run({ display_name, settle: 1 });
    const seconds = (performance.now() - start) / 1000;
    expect(answer).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'not_applied', options: ['display_name'], reapplied: expect.any(Number) },
    });
    expect(answer.msg).toMatch(
      /did not hold for 1 s, although they were written again \d times? in 3 s/,
    );
    expect(seconds).toBeGreaterThan(3);
    expect(seconds).toBeLessThan(20);
  });

  test('a run with the option `settle` does not wait when the record is not new and has the desired settings', async () => {
    const host = await enrolHost();
    // With this value of the option `settle`, a run that waits exceeds the time limit of a test.
    const answer = await host.run({ display_name: 'ip-10-0-0-7', settle: 90 });
    expect(answer).toMatchObject({ changed: false, reapplied: 0 });
    expect(methods(host.requests())).toBe('GET');
  });

  test('a run with the option `settle` keeps reading a new record even if it has the desired settings from the start', async () => {
    const host = await enrolHost({ created: new Date(Date.now() - 200).toISOString() });
    const answer = await host.run({ display_name: 'ip-10-0-0-7', settle: 3 });
    expect(answer).toMatchObject({ changed: false, reapplied: 0, msg: 'Nothing to change.' });
    expect(methods(host.requests())).toMatch(/^GET( GET){3,4}$/);
  });

  test('a run with the option `settle` writes the desired settings when a new record loses them', async () => {
    const host = await enrolHost({ created: new Date(Date.now() - 200).toISOString() });
    host.hit('GET', {
      kind: 'concurrent',
      when: 'after',
      change: (store) => Object.assign(store.record(host.systemId), { displayName: 'agent' }),
    });
    const answer = await host.run({ display_name: 'ip-10-0-0-7', settle: 3 });
    expect(answer).toMatchObject({
      changed: true,
      reapplied: 1,
      msg: 'Changed display_name.',
      system: { displayName: 'ip-10-0-0-7' },
    });
  });

  test('a run with the option `settle` does not wait in check mode', async () => {
    const host = await enrolHost({ created: new Date().toISOString() });
    const flags = ['--check'];
    const answer = await host.run({ display_name, settle: 90 }, { flags });
    expect(answer).toMatchObject({ changed: true, reapplied: 0 });
    expect(methods(host.requests())).toBe('GET');
  });

  test('the wait for settings to settle does not count towards the option `timeout`', async () => {
    const host = await enrolHost();
    host.hit('GET', { kind: 'slow', ms: 300 }, 1, 1);
    const answer = await host.run({ display_name, settle: 4, timeout: 3 });
    expect(answer).toMatchObject({ changed: true, reapplied: 0 });
    expect(methods(host.requests())).toMatch(/^GET PUT( GET){3,4}$/);
  });

  test('a run whose read fails while it waits for settings to settle reports the written settings', async () => {
    const host = await enrolHost();
    host.hit('GET', { kind: 'status', status: 403 }, 1, 1);
    expect(await host.run({ display_name, settle: 1 })).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'rejected' },
      system: { displayName: 'web-1' },
    });
  });
});
