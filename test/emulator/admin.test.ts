import { beforeEach, describe, expect } from 'vitest';
import { test } from '../harness/emulator-fixture.ts';
import type { Emulator } from './emulator.ts';
import { FULL_ROLE, READ_ONLY_ROLE } from './service-accounts.ts';
import { newId } from './store.ts';
import type { ObjectType } from './types.ts';
import { authorizationHeader, httpDate, sendRaw, sendSigned } from './wire.ts';

let emulator: Emulator;
let key: string;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});
beforeEach(() => {
  key = emulator.store.addApiKey();
});

/** Sends a request with the given headers, by default with a valid API key. */
function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = { 'x-api-key': key },
) {
  const content = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const all = Object.entries({ ...headers, ...content }).flat();
  const length = ['Content-Length', String(Buffer.byteLength(JSON.stringify(body) ?? ''))];
  return sendRaw(emulator.url, { method, path, body, headers: [...all, ...length] });
}
const get = async (path: string) => (await send('GET', path)).body;
const search = async (what: string, body: unknown) =>
  (await send('POST', `/api/search/${what}`, body)).body as {
    results: Record<string, string>[];
    totalCount: number;
  };
const names = (body: unknown) => (body as { name: string }[]).map(({ name }) => name);
const filter = (name: string) => `filter=name:eq:${encodeURIComponent(name)}`;

const V2_LISTS = [
  ['/api/v2/systemgroups', 'system_group'],
  ['/api/v2/usergroups', 'user_group'],
  ['/api/v2/policygroups', 'policy_group'],
  ['/api/v2/policies', 'policy'],
] as const satisfies [string, ObjectType][];
const V1_PATHS = ['/api/search/systemusers', '/api/search/commands', '/api/commands'] as const;

describe("authentication of an administrator's request", () => {
  const UNAUTHORIZED = { message: 'Unauthorized' };
  const invalidKeys: [string, Record<string, string>][] = [
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['an unknown key', { 'x-api-key': 'jca_0123456789abcdef' }],
    ['a property name of every object as key', { 'x-api-key': 'constructor' }],
    ['a key as a bearer token', { authorization: 'Bearer jca_0123456789abcdef' }],
  ];
  test.each(invalidKeys)(
    'a request with %s is answered 401, and the body differs between v1 and v2 of the API',
    async (_, headers) => {
      for (const [path] of V2_LISTS) {
        const reply = await send('GET', path, undefined, headers);
        expect([reply.status, reply.body]).toEqual([401, UNAUTHORIZED]);
      }
      for (const path of V1_PATHS) {
        const method = path === '/api/commands' ? 'GET' : 'POST';
        const reply = await send(method, path, undefined, headers);
        expect([reply.status, reply.body]).toEqual([
          401,
          { ...UNAUTHORIZED, error: 'Unauthorized' },
        ]);
      }
    },
  );

  test('x-org-id is required only with a multi-tenant key, and must name the organisation', async () => {
    const several = emulator.store.addApiKey({ multiTenant: true });
    const own = emulator.store.organisationId;
    const status = async (apiKey: string, orgId?: string) => {
      const headers = { 'x-api-key': apiKey, ...(orgId !== undefined && { 'x-org-id': orgId }) };
      return (await send('GET', '/api/v2/policies', undefined, headers)).status;
    };
    expect([await status(key), await status(key, own), await status(key, newId())]).toEqual([
      200, 200, 403,
    ]);
    expect([
      await status(several),
      await status(several, own),
      await status(several, newId()),
    ]).toEqual([401, 200, 401]);
  });

  test('hosts cannot look up names, and administrators cannot use host endpoints', async () => {
    const host = await emulator.enrol();
    const id = host.systemId;
    const member = `/api/v2/systemgroups/${emulator.store.addGroup()}/members`;
    for (const [method, path] of [
      ['PUT', `/api/systems/${id}`],
      ['GET', `/api/v2/systems/${id}/memberof`],
      ['POST', member],
      ['POST', '/api/v2/policies'],
      ['DELETE', '/api/v2/policies'],
    ] as const) {
      const body =
        method === 'POST' || method === 'PUT' ? { op: 'add', type: 'system', id } : undefined;
      expect((await send(method, path, body)).status).toBe(401);
    }
    for (const [path] of V2_LISTS)
      expect((await sendSigned(emulator.url, host, 'GET', path)).status).toBe(401);
    const reply = await sendSigned(emulator.url, host, 'POST', '/api/search/systemusers', {});
    expect(reply.status).toBe(401);
    expect(emulator.store.systems.has(id)).toBe(true);
    expect(emulator.store.groupsOf(id)).toEqual([]);
  });

  test("a request with both an API key and a signature counts as a host's request", async () => {
    const host = await emulator.enrol();
    const path = '/api/v2/systemgroups';
    const date = httpDate();
    const signature = authorizationHeader(host, `GET ${path} HTTP/1.1`, { date });
    const headers = { 'x-api-key': key, Date: date, Authorization: signature };
    expect((await send('GET', path, undefined, headers)).status).toBe(401);
    const forged = { ...headers, Date: httpDate(-60) };
    expect((await send('GET', path, undefined, forged)).status).toBe(401);
  });

  const logged: [string, Record<string, string>, object][] = [
    ['a key', { 'x-api-key': 'k', 'X-Org-Id': 'o' }, { signed: false, apiKey: 'k', orgId: 'o' }],
    ['neither a key nor a signature', {}, { signed: false, apiKey: undefined, orgId: undefined }],
    ['a signature', { Authorization: 'Signature keyId="system/1"' }, { signed: true }],
    ['a signature of another scheme', { Signature: 'sig1=:MEUCIQ==:' }, { signed: true }],
    ['a bearer token', { Authorization: 'Bearer Signature' }, { signed: false }],
  ];
  test.each(logged)(
    'the log shows the authentication of a request with %s',
    async (_, headers, expected) => {
      await send('GET', '/api/v2/policies', undefined, headers);
      expect(emulator.requests.at(-1)).toMatchObject({ status: 401, ...expected });
    },
  );
});

describe.each(V2_LISTS)('GET %s', (path, type) => {
  const named = (name: string) => emulator.store.addNamed(type, name);

  test('a filter finds names with quotes, separators, Unicode and 200 characters', async () => {
    for (const name of [
      'web servers',
      `"quoted" and 'quoted'`,
      'a,b:c;d&e=f',
      '100% + 20%2C',
      'Größe 日本 🐧',
      'x'.repeat(200),
    ]) {
      const id = named(name);
      named(`${name} too`);
      expect(await get(`${path}?${filter(name)}`)).toMatchObject([{ id, name }]);
    }
  });

  test('a plus in a filter stands for a space', async () => {
    const id = named('plus blank');
    named('plus+blank');
    expect(await get(`${path}?filter=name:eq:plus+blank`)).toMatchObject([{ id }]);
  });

  test('a filter ignores case and expands asterisks', async () => {
    const ids = ['Loose-1', 'loose-1', 'loose-22', 'lo*se-1'].map(named);
    const found = async (name: string) =>
      ((await get(`${path}?${filter(name)}`)) as { id: string }[]).map(({ id }) => ids.indexOf(id));
    expect(await found('LOOSE-1')).toEqual([0, 1]);
    expect(await found('lo*se-1')).toEqual([0, 1, 3]);
    expect(await found('loose-*2')).toEqual([2]);
    expect(await found('loose-*22*2')).toEqual([]);
    expect(await found('loose-1*1')).toEqual([]);
    expect(await found('*oose*-*')).toEqual([0, 1, 2]);
    expect(await found('loose')).toEqual([]);
  });

  test('a filter lists both of two objects with the same name', async () => {
    const ids = [named('twice'), named('twice')];
    expect(await get(`${path}?${filter('twice')}`)).toMatchObject(ids.map((id) => ({ id })));
  });

  test('an entry must match all filters of a query', async () => {
    const id = named('both-1');
    named('both-2');
    expect(await get(`${path}?${filter('both-*')}&${filter('*-1')}`)).toMatchObject([{ id }]);
    expect(await get(`${path}?filter=name:eq:both-*,name:eq:*-1`)).toMatchObject([{ id }]);
    expect(await get(`${path}?${filter('both-*')}&filter=id:eq:${id}`)).toMatchObject([{ id }]);
  });

  test.each([
    'filter=',
    'filter=name',
    'filter=name:eq',
    'filter=name:$eq:web',
    'filter=:eq:web',
    'filter=name:eq:a,b',
    'filter=name:eq:100%',
    'limit=0',
    'skip=-1',
  ])('the query %s is answered 400', async (query) => {
    expect((await send('GET', `${path}?${query}`)).status).toBe(400);
  });

  test('the list is paged, can be sorted, and has a total count', async () => {
    for (let i = 119; i >= 0; i--) named(`page-${String(i).padStart(3, '0')}`);
    const page = async (query: string) => {
      const { body, headers } = await send('GET', `${path}?${filter('page-*')}${query}`);
      return [names(body).length, names(body)[0], headers['x-total-count']];
    };
    expect(await page('')).toEqual([10, 'page-119', '120']);
    expect(await page('&sort=name')).toEqual([10, 'page-000', '120']);
    expect(await page('&sort=-name&limit=1000')).toEqual([100, 'page-119', '120']);
    expect(await page('&sort=name&limit=100&skip=100')).toEqual([20, 'page-100', '120']);
    expect(await page('&skip=120')).toEqual([0, undefined, '120']);
  });

  test('an object without a name is found by its default name until it is deleted', async () => {
    const id = type === 'system_group' ? emulator.store.addGroup() : emulator.store.add(type);
    const found = () => get(`${path}?${filter(`${type}-${id}`)}`);
    expect(await found()).toMatchObject([{ id, name: `${type}-${id}` }]);
    if (type === 'system_group') emulator.store.groups.delete(id);
    else if (type === 'user_group') emulator.store.userGroups.delete(id);
    else emulator.store.objects[type].delete(id);
    expect(await found()).toEqual([]);
  });
});

test('only system and user groups have a membershipMethod', async () => {
  for (const [path, type] of V2_LISTS) {
    const { store } = emulator;
    const [manual, dynamic] = [
      store.addNamed(type, 'by-hand'),
      store.addNamed(type, { name: 'by-rule', membershipMethod: 'DYNAMIC_REVIEW_REQUIRED' }),
    ];
    const isGroup = type === 'system_group' || type === 'user_group';
    const method = (membershipMethod: string) => (isGroup ? { membershipMethod } : {});
    const entries = await get(`${path}?${filter('by-*')}`);
    expect(entries).toMatchObject([
      { id: manual, ...method('STATIC') },
      { id: dynamic, ...method('DYNAMIC_REVIEW_REQUIRED') },
    ]);
    if (!isGroup) expect(JSON.stringify(entries)).not.toContain('membershipMethod');
  }
});

test('a list omits a deleted object, but the optional total count includes it', async () => {
  const { store } = emulator;
  const listed = async (type: ObjectType, path: string) => {
    const [id, deleted] = [store.addNamed(type, 'counted'), store.addNamed(type, 'counted')];
    store.delete(deleted);
    const counts: unknown[] = [];
    for (const isCounted of [true, false]) {
      store.listsAreCounted = isCounted;
      const isV2 = path.startsWith('/api/v2');
      const { body, headers } = await send(
        'GET',
        `${path}?filter=name:${isV2 ? '' : '$'}eq:counted`,
      );
      const { results = body, totalCount = headers['x-total-count'] } = Object(body);
      expect(results.map(({ id: own, _id = own }: Record<string, string>) => _id)).toEqual([id]);
      counts.push(totalCount);
    }
    store.listsAreCounted = true;
    return counts;
  };
  for (const [path, type] of V2_LISTS) expect(await listed(type, path)).toEqual(['2', undefined]);
  expect(await listed('command', '/api/commands')).toEqual([2, undefined]);
});

describe('POST /api/search/systemusers', () => {
  const named = (name: string, email = `${name}@example.org`) =>
    emulator.store.addNamed('user', { name, email });

  test('users are found by username or email', async () => {
    const ada = named('ada');
    const grace = named('grace', 'Grace.Hopper@example.org');
    const fields = 'username email';
    const entry = { _id: ada, username: 'ada', email: 'ada@example.org' };
    const one = { results: [entry], totalCount: 1 };
    expect(await search('systemusers', { filter: [{ username: 'ada' }], fields })).toEqual(one);
    const both = { username: 'ADA', email: 'a*@example.org' };
    expect(await search('systemusers', { filter: [both], fields })).toEqual(one);
    const and = [{ username: 'ada' }, { email: 'grace*' }];
    expect((await search('systemusers', { filter: { and } })).totalCount).toBe(0);
    const or = [
      { username: 'ada' },
      { username: 'missing' },
      { email: 'grace.hopper@example.org' },
    ];
    const found = await search('systemusers', { filter: { or } });
    expect(found.results.map(({ _id }) => _id).sort()).toEqual([ada, grace].sort());
    expect((await search('systemusers', { filter: { or: [] } })).totalCount).toBe(0);
  });

  test('a user without an email address gets one that begins with the username', async () => {
    const id = emulator.store.addNamed('user', 'mary');
    const found = await search('systemusers', { filter: [{ email: 'mary@example.com' }] });
    expect(found.results).toMatchObject([{ _id: id, username: 'mary' }]);
    const unnamed = emulator.store.addUser();
    const all = await search('systemusers', { filter: [{ username: `user-${unnamed}` }] });
    expect(all.results).toMatchObject([{ _id: unnamed }]);
  });

  test('a user has only the requested fields and the id', async () => {
    const _id = named('fields');
    const found = async (fields?: string) =>
      (await search('systemusers', { filter: [{ username: 'fields' }], ...(fields && { fields }) }))
        .results;
    expect(await found('username')).toEqual([{ _id, username: 'fields' }]);
    expect(await found('email, nothing')).toEqual([{ _id, email: 'fields@example.org' }]);
    expect(await found()).toMatchObject([{ _id, id: _id, state: 'ACTIVATED' }]);
  });

  test('users are paged and sorted by id', async () => {
    const ids = Array.from({ length: 120 }, (_, i) => named(`page-${i}`)).sort();
    const page = async (rest: object) => {
      const body = { filter: [{ username: 'page-*' }], fields: 'username', ...rest };
      const { results, totalCount } = await search('systemusers', body);
      expect(totalCount).toBe(120);
      return results.map(({ _id }) => _id);
    };
    expect(await page({})).toEqual(ids.slice(0, 10));
    expect(await page({ limit: 1000 })).toEqual(ids.slice(0, 100));
    expect(await page({ limit: 100, skip: 100 })).toEqual(ids.slice(100));
    expect(await page({ sort: '-_id' })).toEqual(ids.slice(-10).reverse());
  });

  test.each([
    { filter: 'username:eq:ada' },
    { filter: {} },
    { filter: { or: [], and: [] } },
    { filter: { nor: [] } },
    { filter: { or: [{}] } },
    { filter: [{ username: { $regex: '.*' } }] },
    { filter: null },
    { limit: 0 },
    { skip: 'x' },
  ])('the body %j is answered 400', async (body) => {
    expect((await send('POST', '/api/search/systemusers', body)).status).toBe(400);
  });

  test('a body that is not declared as JSON is answered 400', async () => {
    const headers = ['x-api-key', key, 'Content-Length', '2'];
    const sent = { method: 'POST', path: '/api/search/systemusers', body: {}, headers };
    expect((await sendRaw(emulator.url, sent)).status).toBe(400);
  });
});

describe('records of systems', () => {
  test('a search of records returns pages sorted by id with the requested fields', async () => {
    const { store } = emulator;
    const ids = Array.from({ length: 12 }, (_, i) => store.addRecord({ hostname: `page-${i}` }));
    const body = { filter: [{ hostname: 'page-*' }], fields: 'hostname active', limit: 5, skip: 5 };
    const { results, totalCount } = await search('systems', body);
    expect(totalCount).toBe(12);
    expect(results.map(({ _id }) => _id)).toEqual(ids.sort().slice(5, 10));
    expect(Object.keys(Object(results[0])).sort()).toEqual(['_id', 'active', 'hostname']);
    expect((await search('systems', { limit: 1000 })).results.length).toBeLessThanOrEqual(100);
  });

  test('a record can be read and deleted, and later requests are answered 404', async () => {
    const id = emulator.store.addRecord({ hostname: 'dead' });
    const path = `/api/systems/${id}`;
    const status = async (method: string) => (await send(method, path)).status;
    expect(await get(path)).toMatchObject({ _id: id, hostname: 'dead' });
    expect([await status('DELETE'), await status('GET'), await status('DELETE')]).toEqual([
      200, 404, 404,
    ]);
  });

  test('the role of an API key or a token permits or refuses each request', async () => {
    const { store } = emulator;
    const path = `/api/systems/${store.addRecord()}`;
    const account = store.serviceAccounts.add({ role: READ_ONLY_ROLE });
    const token = store.serviceAccounts.issueToken(account, Date.now());
    const as = async (method: string, ...headers: string[]) =>
      (await sendRaw(emulator.url, { method, path, headers })).status;
    const byKey = ['x-api-key', store.addApiKey({ role: READ_ONLY_ROLE })];
    const byToken = ['Authorization', `Bearer ${token}`];
    for (const headers of [byKey, byToken]) {
      expect([await as('GET', ...headers), await as('DELETE', ...headers)]).toEqual([200, 403]);
    }
    account.role = { permits: () => false, refusal: 401 };
    expect(await as('GET', ...byToken)).toBe(401);
    expect(await as('GET', 'Authorization', 'Bearer x')).toBe(401);
    const old = store.serviceAccounts.issueToken(
      { ...account, role: FULL_ROLE },
      Date.now() - 3_600_000,
    );
    expect(await as('GET', 'Authorization', `Bearer ${old}`)).toBe(401);
  });
});

describe('POST /oauth2/token', () => {
  test('a token is issued only for a secret of the service account', async () => {
    const account = emulator.store.serviceAccounts.add({ lifetime: 60 });
    const [secret = ''] = account.secrets;
    const form = { grant_type: 'client_credentials', scope: 'api' };
    const ask = (pair: string, more: object = {}) =>
      fetch(emulator.tokenUrl, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
        body: new URLSearchParams({ ...form, ...more }),
      });
    const issued = await ask(`${account.clientId}:${encodeURIComponent(secret)}`);
    expect(await issued.json()).toMatchObject({ token_type: 'bearer', expires_in: 60 });
    for (const pair of [`${account.clientId}:x`, `x:${secret}`, 'x', '%:%']) {
      expect((await ask(pair)).status).toBe(401);
    }
    expect((await ask(`${account.clientId}:${secret}`, { scope: 'all' })).status).toBe(400);
    expect((await fetch(emulator.tokenUrl)).status).toBe(405);
  });
});

describe('GET /api/commands and POST /api/search/commands', () => {
  const listed = async (name: string, rest = '') =>
    await get(`/api/commands?filter=name:$eq:${encodeURIComponent(name)}${rest}`);

  test('commands are found by name through both endpoints', async () => {
    const _id = emulator.store.addNamed('command', 'restart, then wait: 100%');
    emulator.store.addNamed('command', 'restart');
    const one = { results: [{ _id, name: 'restart, then wait: 100%' }], totalCount: 1 };
    expect(await listed('restart, then wait: 100%', '&fields=name')).toEqual(one);
    const filter = [{ name: 'restart, then wait: 100%' }];
    expect(await search('commands', { filter, fields: 'name' })).toEqual(one);
    expect(await listed('RESTART*')).toMatchObject({ totalCount: 2 });
  });

  test('commands are paged and sorted by id', async () => {
    const ids = Array.from({ length: 12 }, (_, i) =>
      emulator.store.addNamed('command', `page-${i}`),
    ).sort();
    const body = await listed('page-*');
    const page = ids.slice(0, 10).map((_id) => ({ _id }));
    expect(body).toMatchObject({ results: page, totalCount: 12 });
    const rest = ids.slice(10).map((_id) => ({ _id }));
    expect(await listed('page-*', '&limit=100&skip=10')).toMatchObject({ results: rest });
  });

  test.each(['filter=name:eq:web', 'filter=web', 'limit=101x'])(
    'the query %s is answered 400',
    async (query) => {
      expect((await send('GET', `/api/commands?${query}`)).status).toBe(400);
    },
  );
});

test("faults apply to an administrator's requests", async () => {
  emulator.faults.add({ fault: { kind: 'status', status: 429, retryAfter: 3 } });
  emulator.faults.add({ fault: { kind: 'mangle', change: () => ['mangled'] } });
  const replies = [await send('GET', '/api/v2/policies'), await send('GET', '/api/v2/policies')];
  expect(replies.map(({ status }) => status)).toEqual([429, 200]);
  expect(replies[1]?.body).toEqual(['mangled']);
});
