import { beforeEach, describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { type Answer, type CallOptions, type RunResult, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

let emulator: Emulator;
let apiKey: string;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
  apiKey = emulator.store.addApiKey();
});
beforeEach(() => {
  emulator.clearRequests();
  emulator.faults.clear();
});

function call(options: object, callOptions: CallOptions = {}): Promise<RunResult> {
  const connection = { api_url: emulator.url, api_key: apiKey };
  return runModule('jumpcloud_names', { ...connection, ...options }, callOptions);
}
const run = async (options: object): Promise<Answer> => (await call(options)).answer;

test('names of six kinds are resolved to ids', async () => {
  const { store } = emulator;
  const ids = {
    system_group: store.addNamed('system_group', 'six-web'),
    user_group: store.addNamed('user_group', 'six-team'),
    user: store.addNamed('user', { name: 'six-ada', email: 'ada@six.example' }),
    command: store.addNamed('command', 'six-patch'),
    policy: store.addNamed('policy', 'six-lock'),
    policy_group: store.addNamed('policy_group', 'six-base'),
  };
  const answer = await run({
    system_groups: 'six-web',
    user_groups: ['six-team', ids.user_group],
    users: ['six-ada', 'ada@six.example'],
    commands: ['six-patch'],
    policies: ['six-lock'],
    policy_groups: ['six-base'],
  });
  expect(answer).toMatchObject({ changed: false, msg: 'Resolved 7 names.', dynamic: [] });
  expect(answer['names']).toEqual({
    system_group: { 'six-web': ids.system_group },
    user_group: { 'six-team': ids.user_group },
    user: { 'six-ada': ids.user, 'ada@six.example': ids.user },
    command: { 'six-patch': ids.command },
    policy: { 'six-lock': ids.policy },
    policy_group: { 'six-base': ids.policy_group },
  });
  expect(emulator.requests).toHaveLength(6);
  expect(emulator.requests.every(({ signed, apiKey }) => !signed && apiKey !== undefined)).toBe(
    true,
  );
});

const ODD_NAMES = [
  `it's "quoted"`,
  'a, b',
  'a:b',
  'star*',
  '100 % + 1',
  'naïve ☃ 日本',
  'a&b=c?d#e',
  ' leading and trailing ',
  'x'.repeat(200),
  'all',
];

describe.each(ODD_NAMES)('the name %j', (name) => {
  test('an unusual name is resolved to its id, both alone and together with six other names', async () => {
    const { store } = emulator;
    for (const [option, kind] of [
      ['system_groups', 'system_group'],
      ['commands', 'command'],
      ['users', 'user'],
    ] as const) {
      const id = store.addNamed(kind, { name, email: `${store.idsOf(kind).length}@odd.example` });
      store.addNamed(kind, { name: `${name.toUpperCase()}!`, email: `${id}@odd.example` });
      const alone = await run({ [option]: [name] });
      expect(alone['names'], alone.msg).toEqual({ [kind]: { [name]: id } });
      const six = Array.from({ length: 6 }, (_, i) => store.addNamed(kind, `${kind} ${id} ${i}`));
      const many = await run({ [option]: [name, ...six.map((_, i) => `${kind} ${id} ${i}`)] });
      expect(Object(many['names'])[kind]?.[name], many.msg).toBe(id);
    }
  });
});

describe('looking up names', () => {
  test('missing names are reported together, with similar names if the run has read the whole list', async () => {
    const { store } = emulator;
    for (const name of [
      'missing-1',
      'missing-2',
      'missing-3',
      'missing-4',
      'missing-5',
      'webserver',
    ]) {
      store.addNamed('system_group', name);
    }
    const few = await run({ system_groups: ['websrever'], users: ['no-such-user'] });
    expect(few).toMatchObject({
      failed: true,
      error: {
        code: 'not_found',
        missing: [
          { kind: 'system_group', name: 'websrever' },
          { kind: 'user', name: 'no-such-user' },
        ],
      },
    });
    const many = await run({
      system_groups: ['missing-1', 'missing-2', 'missing-3', 'missing-4', 'missing-5', 'websrever'],
    });
    expect(many.msg).toContain('there is no system group "websrever"; did you mean webserver?');
  });

  test('a missing name is reported with a similar name if the whole list can be read', async () => {
    const { store } = emulator;
    store.addNamed('policy_group', 'baseline of all');
    for (let i = 0; i < 150; i++) store.addNamed('policy_group', `filler ${i}`);
    emulator.clearRequests();
    const hinted = await run({ policy_groups: ['Baseline of al'] });
    expect(hinted.msg).toContain(
      'no policy group "Baseline of al"; did you mean baseline of all? Names are',
    );
    expect(emulator.requests).toHaveLength(3);
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      when: ({ url }) => !url.includes('filter='),
    });
    const plain = await run({ policy_groups: ['Baseline of al'] });
    expect(plain.error).toMatchObject({ code: 'not_found' });
    expect(plain.msg).toContain('no policy group "Baseline of al". Names are');
  });

  test('a run fails with the error code `unavailable` if an outage occurs while it looks for a missing name in the whole list', async () => {
    emulator.store.addNamed('policy_group', 'baseline of all');
    emulator.faults.add({
      fault: { kind: 'status', status: 503, retryAfter: 3600 },
      times: 9,
      when: ({ url }) => !url.includes('filter='),
    });
    const answer = await run({ policy_groups: ['Baseline of al'] });
    expect(answer.error, answer.msg).toMatchObject({ code: 'unavailable' });
  });

  test('a name that is not found is not printed if it looks like a key', async () => {
    const key = 'k3yT0ken9QwErTy7ZxCvBn5AsDfGh1PoIuYt';
    const answer = await run({ users: [key] });
    expect(answer.error).toMatchObject({ code: 'not_found' });
    expect(JSON.stringify({ ...answer, invocation: undefined })).not.toContain(key);
  });

  test('a similar name is suggested for at most 20 of 30 missing names', async () => {
    const name = (i: number) => `forgotten number ${i}`;
    for (let i = 0; i < 30; i++) emulator.store.addNamed('user_group', name(i));
    const missing = Array.from({ length: 30 }, (_, i) => name(i).toUpperCase());
    const { msg, error } = await run({ user_groups: missing });
    expect(Object(error)['missing']).toHaveLength(30);
    expect(msg.match(/did you mean/g)).toHaveLength(20);
  });

  test('a name with an unpaired surrogate is rejected', async () => {
    for (const option of ['system_groups', 'users', 'commands']) {
      const { msg, error } = await run({ [option]: ['web', 'we\ud800b'] });
      expect(error?.code, msg).toBe('invalid_arguments');
      expect(msg).toMatch(new RegExp(`^${option}: item 2: contains an incomplete character`));
    }
  });

  test('the error about a name that two objects share contains both ids; a run that requests all names leaves the name out', async () => {
    const { store } = emulator;
    const ids = [store.addNamed('policy', 'twin'), store.addNamed('policy', 'twin')].sort();
    store.addNamed('policy', 'single');
    const answer = await run({ policies: ['twin', 'single'] });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'invalid_arguments', problems: [{ option: 'policies' }] },
    });
    for (const id of ids) expect(answer.msg).toContain(id);
    const all = await run({ policies: 'all' });
    expect(Object(all['names']).policy).not.toHaveProperty('twin');
    expect(all.warnings.join()).toContain(
      `policy "twin" is ambiguous and left out: 2 objects have this name (${ids.join(', ')})`,
    );
    const both = await run({ policies: ['twin', 'gone'] });
    expect(both.error).toMatchObject({ code: 'not_found', ambiguous: [{ name: 'twin', ids }] });
  });

  test('the name of a dynamic group is resolved with a warning', async () => {
    const id = emulator.store.addNamed('system_group', {
      name: 'every linux',
      membershipMethod: 'DYNAMIC_AUTOMATED',
    });
    const answer = await run({ system_groups: ['every linux'] });
    expect(answer).toMatchObject({ dynamic: [id] });
    expect(answer.warnings).toEqual([expect.stringContaining('is a dynamic group')]);
    expect(answer.warnings.join()).toContain('no host can join or leave it by hand');
    const all = await run({ system_groups: 'all' });
    expect(all['dynamic']).toContain(id);
    expect(all.warnings.join()).not.toContain('by hand');
  });
});

test('a name is resolved even if the list also has an object without a name', async () => {
  const id = emulator.store.addNamed('policy', 'beside a nameless one');
  emulator.faults.add({
    fault: {
      kind: 'mangle',
      change: (body) => [{ id: 'f'.repeat(24), name: null }, ...(body as object[])],
    },
  });
  const answer = await run({ policies: ['beside a nameless one'] });
  expect(answer['names'], answer.msg).toEqual({ policy: { 'beside a nameless one': id } });
});

describe('lists of a whole organisation', () => {
  const KINDS = [
    ['system_groups', 'system_group'],
    ['user_groups', 'user_group'],
    ['users', 'user'],
    ['commands', 'command'],
    ['policies', 'policy'],
    ['policy_groups', 'policy_group'],
  ] as const;
  const requestedOffsets = () =>
    emulator.requests.map(({ url, body }) => /skip=(\d+)/.exec(url)?.[1] ?? Object(body).skip);

  test.each(KINDS)(
    'a run reads the list of %s to the end although one page is short',
    async (option, kind) => {
      const { store } = emulator;
      const name = (id: string) => `short page ${id}`;
      const ids = Array.from({ length: 150 }, () => store.newId());
      for (const id of ids)
        store.addNamed(kind, { name: name(id), email: `${id}@example.org` }, id);
      const [deleted = '', ...others] = store.idsOf(kind).sort();
      store.delete(deleted);
      const wanted = others.filter((id) => ids.includes(id)).slice(-6);
      const answer = await run({ [option]: wanted.map(name) });
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(answer['names']).toEqual({
        [kind]: Object.fromEntries(wanted.map((id) => [name(id), id])),
      });
      store.listsAreCounted = false;
      const uncounted = await run({ [option]: wanted.map(name) });
      store.listsAreCounted = true;
      expect(uncounted.error?.code).toBe('not_found');
    },
  );

  test('a run that notices a change in a list reads the list again from the previous page on', async ({
    startWith,
  }) => {
    const fresh = await startWith();
    const key = fresh.store.addApiKey();
    const ids = Array.from({ length: 350 }, (_, i) => {
      const id = i.toString(16).padStart(24, '0');
      return fresh.store.addNamed('policy', `changing ${i}`, id);
    });
    const deleted = [ids[3], ids[150], ids[151]];
    fresh.faults.add({
      skip: 1,
      fault: {
        kind: 'concurrent',
        when: 'after',
        change: ({ objects }) => {
          for (const id of deleted) objects.policy.delete(id ?? '');
        },
      },
    });
    const call = { api_url: fresh.url, api_key: key, policies: 'all' };
    const { answer } = await runModule('jumpcloud_names', call);
    const found = Object.values(Object(answer['names']).policy);
    expect(ids.filter((id) => !found.includes(id) && !deleted.includes(id))).toEqual([]);
    const offsets = fresh.requests.map(({ url }) => Number(/skip=(\d+)/.exec(url)?.[1]));
    // After the change, pages overlap by two entries.
    expect(offsets).toEqual([0, 99, 198, 99, 197, 295]);
  });

  test('a name that the filter of the server misses is found in the whole list', async () => {
    const id = emulator.store.addNamed('policy_group', 'unfiltered');
    emulator.store.addNamed('policy_group', 'UNFILTERED');
    emulator.faults.add({ fault: { kind: 'mangle', change: () => [] } });
    const answer = await run({ policy_groups: ['unfiltered'] });
    expect(answer['names'], answer.msg).toEqual({ policy_group: { unfiltered: id } });
    expect(requestedOffsets()[0]).toBe('0');
    expect(emulator.requests[1]?.url).not.toContain('filter');
  });

  test('a null list of users or commands counts as empty', async () => {
    const changes = [
      () => null,
      () => ({ results: null }),
      () => ({ results: [], totalCount: null }),
    ];
    for (const change of changes) {
      emulator.faults.add({ fault: { kind: 'mangle', change }, times: 2 });
      const answer = await run({ users: 'all', commands: 'all' });
      expect(answer['names'], answer.msg).toEqual({ user: {}, command: {} });
    }
  });
});

describe('the API key', () => {
  test('a run reads the API key from the environment and does not print it', async () => {
    emulator.store.addNamed('command', 'keyed');
    const env = { JUMPCLOUD_API_KEY: `${apiKey}\n` };
    const options = { api_url: emulator.url, commands: ['keyed'], _ansible_verbosity: 3 };
    const result = await runModule('jumpcloud_names', options, { env });
    expect(result.answer.failed, result.answer.msg).toBeUndefined();
    expect(result.stdout + result.stderr).not.toContain(apiKey);
  });

  test.each([
    ['a body', { kind: 'status', status: 403, text: 'KEY' }],
    ['a header', { kind: 'redirect', location: 'https://elsewhere.example/KEY' }],
    ['a message', { kind: 'status', status: 400, text: '{"message":"bad key KEY"}' }],
    ['an HTML page', { kind: 'body', text: '<html>KEY', headers: { 'content-type': 'KEY' } }],
  ] as const)('the API key is not printed when the server repeats it in %s', async (_, fault) => {
    const echo = JSON.parse(JSON.stringify(fault).replaceAll('KEY', apiKey));
    emulator.faults.add({ fault: echo, times: 5 });
    const result = await call({ system_groups: ['web'], _ansible_verbosity: 3 });
    expect(result.answer.failed).toBe(true);
    expect(result.stdout + result.stderr).not.toContain(apiKey);
  });

  test('a missing or malformed API key is rejected without being quoted', async () => {
    for (const api_key of ['short', 'has blanks in it, which no key has', `${apiKey}\u0000`, 7]) {
      const { answer, stdout } = await call({ api_key, users: ['ada'] });
      expect(answer.error?.problems, answer.msg).toMatchObject([{ option: 'api_key' }]);
      if (typeof api_key === 'string') expect(stdout).not.toContain(api_key);
    }
    const none = await runModule(
      'jumpcloud_names',
      { api_url: emulator.url, users: ['ada'] },
      { env: { JUMPCLOUD_API_KEY: '' } },
    );
    expect(none.answer.error?.problems).toMatchObject([{ option: 'api_key' }]);
    expect(emulator.requests).toEqual([]);
  });

  test.each([
    ['JUMPCLOUD_API_KEY', 'a', 'api_key'],
    ['JUMPCLOUD_API_KEY', 'abcdefghijklmnopqr\nabcdefgh', 'api_key'],
    ['JUMPCLOUD_API_KEY', 'schlüssel-schlüssel-schlüssel', 'api_key'],
    ['JUMPCLOUD_ORG_ID', 'one\ntwo', 'org_id'],
  ])('a malformed value of the variable %s is rejected: %j', async (variable, value, option) => {
    const options = { api_url: emulator.url, users: ['ada'] };
    const env = { JUMPCLOUD_API_KEY: apiKey, [variable]: value };
    const { answer } = await runModule('jumpcloud_names', options, { env });
    expect(answer.error?.problems, answer.msg).toMatchObject([{ option }]);
    expect(answer.msg).toMatch(
      new RegExp(`^${option}: ${variable} is not in the format that JumpCloud uses; copy it again`),
    );
    expect(emulator.requests).toEqual([]);
  });

  test('an empty API key is reported as empty', async () => {
    const { answer } = await call({ api_key: ' ', users: ['ada'] });
    expect(answer.msg).toBe('api_key: is empty; leave it out to use JUMPCLOUD_API_KEY');
  });

  test('an API key that JumpCloud rejects is reported with the possible causes', async () => {
    const { answer } = await call({ api_key: 'f'.repeat(40), users: ['ada'] });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized', status: 401 } });
    expect(answer.msg).toMatch(/does not accept the API key \(401\).*\(2\).*region.*\(3\).*org_id/);
    expect(emulator.requests).toHaveLength(1);
    const multi = emulator.store.addApiKey({ multiTenant: true });
    expect((await run({ api_key: multi, users: ['x'] })).error?.code).toBe('unauthorized');
    expect((await run({ api_key: multi, org_id: 12345, users: ['x'] })).error?.code).toBe(
      'unauthorized',
    );
    const org_id = emulator.store.organisationId;
    expect((await run({ api_key: multi, org_id, users: ['x'] })).error?.code).toBe('not_found');
  });
});

test('an API key that an answer repeats is masked in every encoding', async () => {
  const key = 'Ab0+/c_~.-DEFGHIJKLMNOPQRSTUVWXYZ0123456';
  const bytes = Buffer.from(key);
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const echoes = [
    key,
    key.toLowerCase(),
    key.toUpperCase(),
    encodeURIComponent(key),
    encodeURIComponent(key).toLowerCase(),
    percent,
    percent.toUpperCase(),
    bytes.toString('hex'),
    ...['', 'x', 'x-api-key: ', 'key=', 'k='].flatMap((before) =>
      (['base64', 'base64url'] as const).map((form) =>
        Buffer.from(`${before}${key}`).toString(form),
      ),
    ),
  ];
  for (const echo of echoes) {
    emulator.faults.add({
      fault: { kind: 'status', status: 400, text: JSON.stringify({ message: `bad: ${echo}` }) },
    });
    const { msg } = await run({ api_key: key, users: ['ada'] });
    expect(msg).toContain('********');
    // The first and last Base64 characters also encode neighbouring text, so they may remain
    // unmasked.
    expect(msg).not.toContain(echo.slice(4, 20));
    expect(msg).not.toContain(echo.slice(-20, -4));
  }
});

test('jumpcloud_names rejects a call without names, with an empty name or with an option that only host modules have', async () => {
  const nothing = await run({});
  expect(nothing.msg).toMatch(/^There is nothing to look up\. Give at least one of system_groups/);
  const hosts = await run({ users: 'all', agent_dir: '/opt/jc' });
  expect(hosts.msg).toMatch(/^Unsupported parameters for \(jumpcloud_names\) module: agent_dir/);
  const names = await run({ users: ['', 'ada'] });
  expect(names.msg).toMatch(/^users: item 1: expected a name, got empty text/);
});

test('a request is retried after repeated 429 and 502 answers', async () => {
  const id = emulator.store.addNamed('user_group', 'stormy');
  emulator.faults.add({ fault: { kind: 'status', status: 429, retryAfter: 0 }, times: 2 });
  emulator.faults.add({ fault: { kind: 'status', status: 502 }, times: 2 });
  expect(await run({ user_groups: ['stormy'] })).toMatchObject({
    names: { user_group: { stormy: id } },
  });
  expect(emulator.requests).toHaveLength(5);
});

test('a thousand names of six kinds are resolved with fewer than 40 requests', {
  timeout: 60_000,
}, async () => {
  const { store } = emulator;
  const kinds = {
    system_groups: 'system_group',
    user_groups: 'user_group',
    users: 'user',
    commands: 'command',
    policies: 'policy',
    policy_groups: 'policy_group',
  } as const;
  const options = Object.fromEntries(
    Object.entries(kinds).map(([option, kind]) => [
      option,
      Array.from({ length: 167 }, (_, i) => {
        store.addNamed(kind, `thousand ${i}`);
        return `thousand ${i}`;
      }),
    ]),
  );
  const start = performance.now();
  const answer = await run(options);
  const seconds = (performance.now() - start) / 1000;
  expect(answer.msg).toBe('Resolved 1002 names.');
  console.log(`1,002 names: ${emulator.requests.length} requests, ${seconds.toFixed(2)} s`);
  expect(emulator.requests.length).toBeLessThan(40);
});
