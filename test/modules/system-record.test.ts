import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { HOST_MODULES } from '../../src/modules.ts';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { newId } from '../emulator/store.ts';
import { type ModuleName, runModule, runRaw } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { fullOptions, sampleCallsOf } from '../harness/sample-calls.ts';

let emulator: Emulator;
let host: EnrolledHost;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});
test.beforeEach(({ host: own }) => {
  host = own;
  emulator.clearRequests();
});

async function run(module: ModuleName, options: object = {}) {
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  return (await runModule(module, { ...connection, ...options })).answer;
}
const runSystem = (options: object) => run('jumpcloud_system', options);

describe.each(HOST_MODULES)('$name', ({ name }) => {
  test(`${name} refuses a system_id of another system before any request`, async () => {
    const { good } = sampleCallsOf(name);
    const other = 'f'.repeat(24);
    const { error, msg, ...answer } = await run(name, { ...good, system_id: other });
    expect({ ...answer, error }).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'invalid_arguments', problems: [{ option: 'system_id' }] },
    });
    expect(msg).toContain(`this host is system ${host.systemId}, not ${other}`);
    expect(emulator.requests).toEqual([]);
    expect((await run(name, { ...good, system_id: host.systemId })).failed).toBeUndefined();
  });

  test(`${name} treats null in the record as missing`, async () => {
    Object.assign(emulator.store.record(host.systemId), {
      allowSshRootLogin: null,
      description: null,
      attributes: [
        { name: 'empty', value: null },
        { name: 'role', value: 'web' },
      ],
      provisionMetadata: null,
    });
    const answer = await run(name, sampleCallsOf(name).good);
    expect(answer.failed, answer.msg).toBeUndefined();
  });
});

describe.each(HOST_MODULES)('$name', ({ name }) => {
  test(`${name} prints no systemToken that the record contains, at any depth`, async () => {
    const token = '5ecre7-of-an-old-record';
    Object.assign(emulator.store.record(host.systemId), {
      systemToken: token,
      agent: { systemToken: token, list: [{ deeper: { systemToken: { text: token } } }] },
      attributes: [{ name: 'role', value: 'db', systemToken: token }],
    });
    const options = {
      agent_dir: host.agentDir,
      api_url: emulator.url,
      _ansible_verbosity: 3,
      ...fullOptions(name, (type) => emulator.store.addNamed(type, type)),
    };
    for (const flags of [['--check', '--diff'], ['--diff'], ['--diff']]) {
      const result = await runModule(name, options, { flags });
      expect(result.answer.failed, result.answer.msg).toBeUndefined();
      expect(result.stdout + result.stderr).not.toContain(token);
      expect(result.stdout).not.toContain('systemToken');
    }
  });
});

test('the message about an ignored write contains no systemToken', async () => {
  const token = '5ecre7-of-an-old-record';
  const attributes = [{ name: 'role', value: 'db', systemToken: token }];
  Object.assign(emulator.store.record(host.systemId), { systemToken: token, attributes });
  emulator.faults.add({
    fault: { kind: 'ignored-write' },
    when: ({ method }) => method === 'PUT',
  });
  const desired = { attributes: { role: 'web' }, _ansible_verbosity: 3 };
  const answer = await runSystem(desired);
  expect(answer.error?.code).toBe('not_applied');
  expect(answer.msg).toContain('attributes is [{"name":"role","value":"db"}] instead of');
  expect(JSON.stringify(answer)).not.toContain(token);
});

test('a removal accepts a record with invalid settings', async () => {
  Object.assign(emulator.store.record(host.systemId), {
    attributes: 'none',
    displayName: 7,
    allowSshRootLogin: 'yes',
    provisionMetadata: [],
  });
  expect(await run('jumpcloud_removal')).toMatchObject({ changed: true });
});

describe('attributes', () => {
  const unusualAttributes = [
    { _id: newId(), name: 'a', value: '1', from: { rule: [1, null] } },
    { name: 'b' },
    { name: 'c', value: null, note: 'kept' },
  ];
  const setAttributes = (attributes: unknown) =>
    Object.assign(emulator.store.record(host.systemId), { attributes });
  const storedAttributes = () => emulator.store.record(host.systemId).attributes;

  test('custom attributes that the options do not name keep all their fields', async () => {
    const named = { _id: newId(), name: 'd', value: 'old' };
    setAttributes([...unusualAttributes, named]);
    const desired = { attributes: { d: 'new', e: '5' } };
    expect(await runSystem(desired)).toMatchObject({
      changed: true,
      settings: { attributes: { a: '1', d: 'new', e: '5' } },
    });
    const after = [...unusualAttributes, { ...named, value: 'new' }, { name: 'e', value: '5' }];
    expect(storedAttributes()).toEqual(after);
    emulator.clearRequests();
    expect(await runSystem(desired)).toMatchObject({ changed: false });
    expect(emulator.requests.map(({ method }) => method)).toEqual(['GET']);
    expect(storedAttributes()).toEqual(after);
  });

  test('an attribute that has no value in the record is set when the options name it', async () => {
    setAttributes(unusualAttributes);
    const desired = { attributes: { b: '2', c: '3' }, _ansible_diff: true };
    const answer = await runSystem(desired);
    expect(answer).toMatchObject({
      changed: true,
      settings: { attributes: { a: '1', b: '2', c: '3' } },
    });
    expect(answer.diff).toMatchObject({
      before: { attributes: { b: null, c: null } },
      after: { attributes: { b: '2', c: '3' } },
    });
    expect(storedAttributes()).toEqual([
      unusualAttributes[0],
      { name: 'b', value: '2' },
      { ...unusualAttributes[2], value: '3' },
    ]);
    expect((await runSystem(desired)).changed).toBe(false);
  });

  test('null in the option `attributes`, or purge_attributes, removes an attribute that has no value in the record', async () => {
    setAttributes(unusualAttributes);
    expect(await runSystem({ attributes: { c: null } })).toMatchObject({ changed: true });
    expect(storedAttributes()).toEqual(unusualAttributes.slice(0, 2));
    const purge = { attributes: { a: '1' }, purge_attributes: true };
    expect(await runSystem(purge)).toMatchObject({ changed: true });
    expect(storedAttributes()).toEqual(unusualAttributes.slice(0, 1));
    expect((await runSystem(purge)).changed).toBe(false);
  });

  test('a record with null instead of a list of attributes counts as a record without attributes', async () => {
    setAttributes(null);
    expect(await runSystem({ attributes: { a: null } })).toMatchObject({ changed: false });
    expect(await runSystem({ attributes: { a: '1' } })).toMatchObject({ changed: true });
    expect(storedAttributes()).toEqual([{ name: 'a', value: '1' }]);
  });
});

test('a run changes nothing when its options are the settings of the previous result', async () => {
  const desired = {
    display_name: 'web-1',
    description: 'a web server',
    allow_ssh_root_login: true,
    allow_multi_factor_authentication: true,
    system_insights: 'deferred',
    attributes: { role: 'web', tier: '1' },
  };
  const [predicted, done] = [
    await runSystem({ ...desired, _ansible_check_mode: true }),
    await runSystem(desired),
  ];
  for (const answer of [predicted, done]) {
    expect(answer['settings']).toMatchObject(desired);
    expect(answer.changed).toBe(true);
  }
  expect(emulator.store.record(host.systemId)['systemInsights']).toEqual({ state: 'deferred' });
  expect(await runSystem(done['settings'] as object)).toMatchObject({ changed: false });
});

describe('system_insights', () => {
  test('a run fails with the error code `rejected` if JumpCloud refuses system_insights', async () => {
    emulator.faults.add({
      fault: { kind: 'status', status: 400, text: '{"message":"systemInsights is not allowed"}' },
      when: ({ method }) => method === 'PUT',
    });
    const answer = await runSystem({ system_insights: 'enabled' });
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'rejected' } });
  });

  test('a run fails with not_applied if JumpCloud ignores system_insights', async () => {
    emulator.faults.add({
      fault: { kind: 'ignored-write' },
      when: ({ method }) => method === 'PUT',
    });
    const answer = await runSystem({ system_insights: 'enabled' });
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'not_applied' } });
    expect(answer.msg).toContain('system_insights is null instead of "enabled"');
  });
});

test('a run fails with not_applied but reports a change if JumpCloud applies only some of the attributes', async () => {
  emulator.faults.add({
    fault: {
      kind: 'concurrent',
      when: 'after',
      change: () => {},
    },
    when: ({ method }) => method === 'GET',
  });
  emulator.faults.add({
    fault: {
      kind: 'mangle',
      change: (body) => ({ ...Object(body), attributes: [{ name: 'a', value: '1' }] }),
    },
    when: ({ method }) => method === 'PUT',
  });
  const answer = await runSystem({ attributes: { a: '1', b: '2' } });
  expect(answer).toMatchObject({
    changed: true,
    failed: true,
    error: { code: 'not_applied', options: ['attributes'] },
    settings: { attributes: { a: '1' } },
  });
});

test.each(['', ' \n'])('a removal refuses empty stdin (%j)', async (input) => {
  const { answer } = await runRaw('jumpcloud_removal', ['--check'], input);
  expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
  expect(answer.msg).toMatch(
    /^Nothing was done, because standard input is empty.* To call .* send \{\}/,
  );
  expect((await runRaw('jumpcloud_system_info', [], input)).answer.failed).toBeUndefined();
});

test('the message about a missing registration says how long the run waited', async () => {
  const options = { agent_dir: join(host.agentDir, 'none'), registration_timeout: 0.6 };
  const answer = await runSystem(options);
  expect(answer.error?.code).toBe('not_enrolled');
  expect(answer.msg).toContain('did not register within 0.6 s');
  const answerWithoutWait = await runSystem({ agent_dir: options.agent_dir });
  expect(answerWithoutWait.msg).toContain('set registration_timeout');
});

test('the message of a 401 names both a wrong clock and a wrong key', async () => {
  emulator.shiftHostClock(host.systemId, -3_600_000);
  const unauthorized = { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' } as const;
  emulator.faults.add({ fault: unauthorized, times: 2 });
  const answer = await runSystem({});
  expect(answer.error?.code).toBe('unauthorized');
  expect(answer.msg).toMatch(/another registration than client\.key/);
  expect(answer.msg).toMatch(/clock is 3(600|599) s behind JumpCloud's/);
});
