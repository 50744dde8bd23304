import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { newId } from '../emulator/store.ts';
import { type RunResult, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

const INFO = 'jumpcloud_system_info';
const SUDO = { sudo: { enabled: true, withoutPassword: false } };
const SUDO_WITHOUT_PASSWORD = { sudo: { enabled: true, withoutPassword: true } };
let emulator: Emulator;
let host: EnrolledHost;

test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});
test.beforeEach(({ host: own }) => {
  host = own;
  emulator.clearRequests();
});
afterEach(() => emulator.faults.clear());

const runInfo = (options: Record<string, unknown> = {}, flags: string[] = [], of = host) =>
  runModule(INFO, { agent_dir: of.agentDir, api_url: emulator.url, ...options }, { flags });

/** Returns the fields of a result, except the fields that the results of all modules have. */
function gatheredFields({ answer }: RunResult): Record<string, unknown> {
  const { changed, failed, msg, warnings, error, system_id, invocation, api, diff, ...rest } =
    answer;
  expect([changed, failed, error, diff]).toEqual([false, undefined, undefined, undefined]);
  return rest;
}

const requestedPaths = () =>
  emulator.requests.map(
    ({ url }) => url.replace(/^.*\/systems\/[0-9a-f]{24}\/?/, '').split('&limit')[0],
  );
const makeIds = (count: number, make: () => string) => Array.from({ length: count }, make);

/** Returns the name, modification time and content of each file in the agent directory. */
const readFiles = (dir: string) =>
  readdirSync(dir).map((name) => [
    name,
    statSync(join(dir, name)).mtimeMs,
    readFileSync(join(dir, name), 'utf8'),
  ]);

describe('an enrolled host', () => {
  test('jumpcloud_system_info reports an enrolled host with every field', async () => {
    const { store } = emulator;
    const [directUser = '', doublyBoundUser = '', indirectUser = ''] = makeIds(3, () =>
      store.addUser(),
    );
    const member = store.addGroup();
    const userGroup = store.addUserGroup([doublyBoundUser]);
    const command = store.addObject('command');
    store.addGroup();
    store.join(host.systemId, member);
    store.associate(host.systemId, 'user', directUser);
    store.associate(host.systemId, 'user', doublyBoundUser, SUDO);
    store.associate(host.systemId, 'user_group', userGroup, SUDO_WITHOUT_PASSWORD);
    store.associate(host.systemId, 'command', command);
    store.groupEdges.set(member, new Map([[`user:${indirectUser}`, undefined]]));

    const result = await runInfo();
    const user = (id: string) => ({ type: 'user', id });
    const users = [
      {
        id: directUser,
        direct: true,
        sudo: false,
        sudo_without_password: false,
        paths: [[user(directUser)]],
      },
      {
        id: doublyBoundUser,
        direct: true,
        sudo: true,
        sudo_without_password: true,
        paths: [
          [user(doublyBoundUser)],
          [{ type: 'user_group', id: userGroup }, user(doublyBoundUser)],
        ],
      },
      {
        id: indirectUser,
        direct: false,
        sudo: false,
        sudo_without_password: false,
        paths: [[{ type: 'system_group', id: member }, user(indirectUser)]],
      },
    ];
    expect(gatheredFields(result)).toEqual({
      enrolled: true,
      settings: {
        display_name: 'ip-10-0-0-7',
        description: '',
        allow_ssh_root_login: false,
        allow_ssh_password_authentication: true,
        allow_public_key_authentication: true,
        allow_multi_factor_authentication: false,
        primary_user: '',
        system_insights: null,
        attributes: {},
      },
      system: store.record(host.systemId),
      groups: [member],
      users: users.sort((a, b) => (a.id < b.id ? -1 : 1)),
      associations: {
        command: [{ id: command }],
        policy: [],
        policy_group: [],
        user_group: [{ id: userGroup, sudo: true, sudo_without_password: true }],
      },
      agent: {
        system_id: host.systemId,
        region: null,
        api_url: emulator.url,
        version: '1.147.0',
        enrolled_as: 'administrator',
        key_matches_certificate: true,
        clock_offset: 0,
      },
    });
    expect(result.answer).toMatchObject({ system_id: host.systemId, warnings: [] });
    expect(result.answer.msg).toBe(`This host is system ${host.systemId}.`);
    expect(result.exitCode).toBe(0);
  });

  const associations = ['command', 'policy', 'policy_group', 'user_group'].map(
    (type) => `associations?targets=${type}`,
  );
  const rows: [gather: string[], fields: string[], requests: string[]][] = [
    [['system'], ['system', 'settings'], ['']],
    [['groups'], ['groups'], ['memberof?sort=id']],
    [['users'], ['users'], ['users?limit=100&skip=0']],
    [['associations'], ['associations'], associations],
    [['agent'], ['agent'], ['']],
    [['agent', 'system', 'agent'], ['system', 'settings', 'agent'], ['']],
    [
      ['groups', 'users'],
      ['groups', 'users'],
      ['memberof?sort=id', 'users?limit=100&skip=0'],
    ],
    [[], [], []],
  ];
  test.each(rows)(
    'a run with the option `gather` set to %j returns the fields %j and sends only the necessary reads',
    async (gather, fields, requests) => {
      const result = await runInfo({ gather });
      expect(Object.keys(gatheredFields(result))).toEqual(['enrolled', ...fields]);
      expect(requestedPaths().sort()).toEqual([...requests].sort());
    },
  );

  test.each([[[]], [['--check', '--diff']]])(
    'a run with the flags %j writes nothing',
    async (flags) => {
      const before = [readFiles(host.agentDir), emulator.store.snapshot(host.systemId)];
      await runInfo({}, flags);
      expect(emulator.requests.map(({ method }) => method)).toEqual(Array(7).fill('GET'));
      expect([readFiles(host.agentDir), emulator.store.snapshot(host.systemId)]).toEqual(before);
    },
  );

  test('a run reads all parts of a host in parallel', async () => {
    emulator.faults.add({ fault: { kind: 'slow', ms: 500 }, times: 7 });
    await runInfo();
    const { requests } = emulator;
    expect(requests).toHaveLength(7);
    const firstEnd = Math.min(...requests.map(({ endedAt }) => endedAt));
    expect(Math.max(...requests.map(({ startedAt }) => startedAt))).toBeLessThan(firstEnd);
  });

  test('a run reads long lists page by page', async () => {
    const { store } = emulator;
    const { systemId } = host;
    const types = ['command', 'policy', 'policy_group', 'user', 'user_group'] as const;
    const idsByType = Object.fromEntries(
      types.map((type) => [type, makeIds(120, () => store.add(type)).sort()]),
    );
    const groups = makeIds(120, () => store.addGroup()).sort();
    for (const group of groups) store.join(systemId, group);
    for (const type of types) {
      for (const id of idsByType[type] ?? []) store.associate(systemId, type, id);
    }
    const { answer } = await runInfo();
    const idsOf = (list: unknown) => (list as { id: string }[]).map(({ id }) => id);
    expect(answer['groups']).toEqual(groups);
    expect(idsOf(answer['users'])).toEqual(idsByType['user']);
    const found = answer['associations'] as Record<string, unknown>;
    for (const type of ['command', 'policy', 'policy_group', 'user_group']) {
      expect(idsOf(found[type])).toEqual(idsByType[type]);
    }
    expect(emulator.requests).toHaveLength(1 + 2 * 6);
  });

  test('a run reports every user even if the first page is short', async () => {
    const { store } = emulator;
    const [deleted = '', ...users] = makeIds(250, () => store.addUser());
    for (const id of [deleted, ...users]) store.associate(host.systemId, 'user', id);
    store.delete(deleted);
    const { answer } = await runInfo({ gather: ['users'] });
    expect((answer['users'] as { id: string }[]).map(({ id }) => id)).toEqual(users.sort());
    expect(emulator.requests).toHaveLength(3);
  });

  test('the result contains no private key and no signature', async () => {
    const { stdout } = await runInfo({ _ansible_verbosity: 3 });
    const key = readFileSync(join(host.agentDir, 'client.key'), 'utf8');
    expect(stdout).not.toContain('PRIVATE KEY');
    for (const line of key.split('\n').slice(1, -2)) expect(stdout).not.toContain(line);
    for (const { authorization } of emulator.requests) {
      const signature = /signature="(.*)"/.exec(String(authorization))?.[1];
      expect(signature).toBeTruthy();
      expect(stdout).not.toContain(signature);
    }
  });

  test('the field `agent` says how the host was enrolled, and has null for unknown values', async () => {
    const other = await emulator.enrol({
      record: { provisionMetadata: { provisioner: { type: 'mdm' } } },
    });
    rmSync(join(other.agentDir, 'client.crt'));
    writeFileSync(join(other.agentDir, 'version.txt'), '\n');
    const { agent } = gatheredFields(await runInfo({ gather: ['agent'] }, [], other));
    expect(agent).toMatchObject({
      enrolled_as: 'mdm',
      key_matches_certificate: null,
      version: '1.147.0',
    });
    emulator.faults.add({
      fault: { kind: 'mangle', change: (body) => ({ _id: Object(body)._id }) },
    });
    expect(gatheredFields(await runInfo({ gather: ['agent'] }, [], other))['agent']).toMatchObject({
      enrolled_as: null,
      version: null,
    });
  });

  test('the field `system` contains the whole record, including unknown fields', async () => {
    const record = { futureField: { a: [1, null] }, description: 'ünï "quoted"' };
    const other = await emulator.enrol({ record });
    expect(gatheredFields(await runInfo({ gather: 'system' }, [], other))).toMatchObject({
      system: record,
    });
  });

  test.each([
    ['users', /Could not read the users of system/],
    ['memberof', /Could not read the system groups of system/],
    ['targets=policy&', /Could not read the policy associations of system/],
  ])('a run fails and names the list if a read of %s is refused', async (urlPart, message) => {
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      when: ({ url }) => url.includes(urlPart),
    });
    const { answer } = await runInfo();
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'rejected' } });
    expect(answer.msg).toMatch(message);
  });

  test('a run on a host that JumpCloud does not accept fails with the error code `unauthorized`', async () => {
    const other = await emulator.enrol({ ineligible: true });
    const { answer } = await runInfo({}, [], other);
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    expect(answer).not.toHaveProperty('enrolled');
  });
});

describe('region and api_url', () => {
  // No request reaches JumpCloud. The failed result contains the base URL.
  const rows: [agentServerHost: string, region: string | undefined, base: string][] = [
    ['agent.jumpcloud.com', undefined, 'https://console.jumpcloud.com'],
    ['agent.eu.jumpcloud.com', undefined, 'https://console.eu.jumpcloud.com'],
    ['agent.in.jumpcloud.com', 'auto', 'https://console.in.jumpcloud.com'],
    ['agent.in.jumpcloud.com', 'eu', 'https://console.eu.jumpcloud.com'],
    ['agent.mars.jumpcloud.com', undefined, 'https://console.jumpcloud.com'],
  ];
  test.each(rows)(
    'with agentServerHost %s and the option `region` %s, a run uses the base URL %s',
    async (agentServerHost, region, base) => {
      const other = await emulator.enrol({ agentServerHost });
      const { answer } = await runModule(INFO, {
        agent_dir: other.agentDir,
        timeout: 0.3,
        gather: ['system'],
        // The proxy is a closed local port, so no request leaves this machine.
        proxy: 'http://127.0.0.1:1',
        _ansible_verbosity: 2,
        ...(region && { region }),
      });
      expect(answer).toMatchObject({
        failed: true,
        error: { code: 'unavailable' },
        api: { base_url: base },
      });
      const unknown = agentServerHost.includes('mars');
      expect(answer.warnings).toEqual(
        unknown
          ? [expect.stringMatching(/"agent\.mars\.jumpcloud\.com".* the region "us" is assumed/)]
          : [],
      );
    },
  );

  test('api_url overrides the option `region`, and is reported without its trailing slash', async () => {
    const result = await runInfo({ gather: ['agent'], region: 'eu', api_url: `${emulator.url}/` });
    expect(gatheredFields(result)).toMatchObject({
      agent: { api_url: emulator.url, region: null },
    });
  });
});

describe('a host that is not enrolled', () => {
  const rows: [name: string, damage: (dir: string) => void, message: RegExp][] = [
    ['no agent directory', (dir) => rmSync(dir, { recursive: true }), /does not exist\. Install/],
    [
      'a file as its agent directory',
      (dir) => {
        rmSync(dir, { recursive: true });
        writeFileSync(dir, '');
      },
      /is not a directory/,
    ],
    ['no jcagent.conf', (dir) => rmSync(join(dir, 'jcagent.conf')), /jcagent\.conf does not exist/],
    ['no systemKey', (dir) => writeFileSync(join(dir, 'jcagent.conf'), '{}'), /has no systemKey/],
    ['no client.key', (dir) => rmSync(join(dir, 'client.key')), /client\.key does not exist/],
  ];
  test.each(rows)('a host with %s is reported as not enrolled', async (_, damage, message) => {
    damage(host.agentDir);
    const result = await runInfo();
    expect(gatheredFields(result)).toEqual({
      enrolled: false,
      reason: { code: 'not_enrolled', message: expect.stringMatching(message) },
    });
    expect(result.answer).toMatchObject({ msg: 'This host is not enrolled.', warnings: [] });
    expect(result.exitCode).toBe(0);
    expect(emulator.requests).toHaveLength(0);
  });

  test('a removed host is reported as not enrolled until it registers again', async () => {
    const options = { agent_dir: host.agentDir, api_url: emulator.url };
    await runModule('jumpcloud_removal', options);
    emulator.clearRequests();
    const result = await runInfo();
    const removed = new RegExp(`System ${host.systemId} was removed from JumpCloud at 20`);
    expect(gatheredFields(result)).toEqual({
      enrolled: false,
      reason: { code: 'not_enrolled', message: expect.stringMatching(removed) },
    });
    expect(emulator.requests).toHaveLength(0);
    await emulator.enrol({ agentDir: host.agentDir });
    expect(gatheredFields(await runInfo())).toMatchObject({ enrolled: true });
  });

  test('a host that registers within registration_timeout is reported as enrolled', async () => {
    const lateHost = await emulator.enrol({ write: false });
    setTimeout(() => lateHost.writeFiles(), 300);
    const result = await runInfo({ registration_timeout: 20, gather: ['agent'] }, [], lateHost);
    expect(gatheredFields(result)).toMatchObject({
      enrolled: true,
      agent: { system_id: lateHost.systemId },
    });
  });

  test('a run fails if the host does not register within registration_timeout', async () => {
    const unregisteredHost = await emulator.enrol({ write: false });
    const { answer, exitCode } = await runInfo({ registration_timeout: 0.3 }, [], unregisteredHost);
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_enrolled' } });
    expect(answer).not.toHaveProperty('enrolled');
    expect(exitCode).toBe(1);
  });
});

describe('a damaged identity', () => {
  const rows: [name: string, damage: (dir: string) => void][] = [
    ['a jcagent.conf that is not JSON', (dir) => writeFileSync(join(dir, 'jcagent.conf'), '{')],
    [
      'a systemKey that is not an id',
      (dir) => writeFileSync(join(dir, 'jcagent.conf'), '{"systemKey":"x"}'),
    ],
    ['a client.key that is not a key', (dir) => writeFileSync(join(dir, 'client.key'), 'key')],
    [
      'a client.key that is a directory',
      (dir) => {
        rmSync(join(dir, 'client.key'));
        mkdirSync(join(dir, 'client.key'));
      },
    ],
  ];
  test.each(rows)('%s fails the run with bad_identity', async (_, damage) => {
    damage(host.agentDir);
    const { answer, exitCode } = await runInfo();
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'bad_identity' } });
    expect(answer).not.toHaveProperty('enrolled');
    expect(exitCode).toBe(1);
    expect(emulator.requests).toHaveLength(0);
  });

  test('a record of another system fails the run with unexpected_response', async () => {
    emulator.faults.add({
      fault: { kind: 'mangle', change: (body) => ({ ...Object(body), _id: newId() }) },
    });
    const { answer } = await runInfo({ gather: ['system'] });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unexpected_response' } });
  });
});
