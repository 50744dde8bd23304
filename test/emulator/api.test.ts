import { beforeEach, describe, expect } from 'vitest';
import { test } from '../harness/emulator-fixture.ts';
import type { Emulator, EnrolledHost } from './emulator.ts';
import { newId } from './store.ts';
import { ASSOCIATION_TYPES } from './types.ts';
import { authorizationHeader, httpDate, sendRaw, sendSigned } from './wire.ts';

let emulator: Emulator;
let host: EnrolledHost;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});
beforeEach(async () => {
  host = await emulator.enrol();
});

const send = (method: string, path: string, body?: unknown) =>
  sendSigned(emulator.url, host, method, path, body);
const systemPath = (rest = '') => `/api/v2/systems/${host.systemId}/${rest}`;
const recordPath = () => `/api/systems/${host.systemId}`;
const ids = (body: unknown) => (body as { id: string }[]).map(({ id }) => id);
const associate = (body: unknown) => send('POST', systemPath('associations'), body);
const SUDO = { sudo: { enabled: true, withoutPassword: false } };

describe('the lists of a system', () => {
  test('a page has 10 entries by default and at most 100', async () => {
    for (let i = 0; i < 120; i++) emulator.store.join(host.systemId, emulator.store.addGroup());
    const count = async (query: string) => ids((await send('GET', systemPath(query))).body).length;
    expect(await count('memberof')).toBe(10);
    expect(await count('memberof?limit=50')).toBe(50);
    expect(await count('memberof?limit=1000')).toBe(100);
    expect(await count('memberof?limit=100&skip=100')).toBe(20);
    expect(await count('memberof?skip=120')).toBe(0);
  });

  test('a sorted list has every entry on exactly one page', async () => {
    for (let i = 0; i < 25; i++) emulator.store.join(host.systemId, emulator.store.addGroup());
    const all = emulator.store.groupsOf(host.systemId).sort();
    const page = async (query: string) =>
      ids((await send('GET', systemPath(`memberof?${query}`))).body);
    expect(await page('limit=100&sort=id')).toEqual(all);
    expect(await page('limit=100&sort=-id')).toEqual([...all].reverse());
    const pages = [await page('sort=id'), await page('sort=id&skip=10')];
    expect([...pages.flat(), ...(await page('sort=id&skip=20'))]).toEqual(all);
  });

  test('a list counts an entry whose object was deleted, but omits it', async () => {
    const { store } = emulator;
    const [deleted = '', ...others] = Array.from({ length: 15 }, () => store.addGroup()).sort();
    for (const id of [deleted, ...others]) store.join(host.systemId, id);
    store.delete(deleted);
    const page = async (query: string) => {
      const { body, headers } = await send('GET', systemPath(`memberof?sort=id&${query}`));
      return [ids(body), headers['x-total-count']];
    };
    expect(await page('limit=10')).toEqual([others.slice(0, 9), '15']);
    expect(await page('limit=10&skip=10')).toEqual([others.slice(9), '15']);
    const leave = { op: 'remove', type: 'system', id: host.systemId };
    const reply = await send('POST', `/api/v2/systemgroups/${deleted}/members`, leave);
    expect(reply.status).toBe(404);
  });

  test.each(ASSOCIATION_TYPES)(
    'the list of %s associations omits edges to deleted objects',
    async (type) => {
      const { store } = emulator;
      const [id, deleted] = [store.add(type), store.add(type)];
      for (const to of [deleted, id]) store.associate(host.systemId, type, to);
      store.delete(deleted);
      const { body, headers } = await send('GET', systemPath(`associations?targets=${type}`));
      expect([body, headers['x-total-count']]).toEqual([
        [{ to: { type, id }, attributes: null }],
        '2',
      ]);
      expect((await associate({ op: 'remove', type, id: deleted })).status).toBe(404);
    },
  );

  test('the list of users omits deleted users', async () => {
    const { store } = emulator;
    const [user, deleted] = [store.addUser(), store.addUser()];
    store.associate(host.systemId, 'user_group', store.addUserGroup([deleted, user]));
    store.delete(deleted);
    const { body, headers } = await send('GET', systemPath('users'));
    expect([ids(body), headers['x-total-count']]).toEqual([[user], '2']);
  });

  test('the total count of a list can be switched off', async () => {
    emulator.store.join(host.systemId, emulator.store.addGroup());
    emulator.store.listsAreCounted = false;
    const { body, headers } = await send('GET', systemPath('memberof'));
    emulator.store.listsAreCounted = true;
    expect([ids(body).length, headers['x-total-count']]).toEqual([1, undefined]);
  });

  test.each(['limit=0', 'limit=x', 'skip=-1', 'limit=1.5'])(
    'the query %s is answered 400',
    async (query) => {
      expect((await send('GET', systemPath(`memberof?${query}`))).status).toBe(400);
    },
  );

  test.each(ASSOCIATION_TYPES)(
    'the list of %s associations has only direct edges of that type',
    async (type) => {
      const id = emulator.store.add(type);
      emulator.store.associate(host.systemId, type, id);
      const other = type === 'command' ? 'policy' : 'command';
      emulator.store.associate(host.systemId, other, emulator.store.add(other));
      const { body } = await send('GET', systemPath(`associations?targets=${type}`));
      expect(body).toEqual([{ to: { type, id }, attributes: null }]);
    },
  );

  test.each(['', '?targets=', '?targets=system'])(
    'GET associations%s is answered 400',
    async (query) => {
      expect((await send('GET', systemPath(`associations${query}`))).status).toBe(400);
    },
  );
});

describe('POST associations', () => {
  test.each(ASSOCIATION_TYPES)(
    'a repeated addition or removal of an association of type %s is refused',
    async (type) => {
      const id = emulator.store.add(type);
      expect((await associate({ op: 'add', type, id })).status).toBe(204);
      const again = await associate({ op: 'add', type, id });
      expect(again).toMatchObject({ status: 409, body: { message: 'Already Exists' } });
      expect(emulator.store.edgesOf(host.systemId, type)).toEqual([[id, undefined]]);
      expect((await associate({ op: 'remove', type, id })).status).toBe(204);
      expect((await associate({ op: 'remove', type, id })).status).toBe(404);
    },
  );

  test.each(['user', 'user_group'] as const)(
    'an association of type %s has the sudo attributes that it was added or updated with',
    async (type) => {
      const id = emulator.store.add(type);
      expect((await associate({ op: 'update', type, id, attributes: SUDO })).status).toBe(404);
      expect((await associate({ op: 'add', type, id, attributes: SUDO })).status).toBe(204);
      const { body } = await send('GET', systemPath(`associations?targets=${type}`));
      expect(body).toEqual([{ to: { type, id }, attributes: SUDO }]);
      const more = { sudo: { enabled: true, withoutPassword: true } };
      expect((await associate({ op: 'update', type, id, attributes: more })).status).toBe(204);
      expect(emulator.store.edgesOf(host.systemId, type)).toEqual([[id, more]]);
    },
  );

  const invalid: [name: string, body: (id: string) => object][] = [
    ['an unknown operation', (id) => ({ op: 'set', type: 'user', id })],
    ['an unknown type', (id) => ({ op: 'add', type: 'system', id })],
    ['an invalid id', () => ({ op: 'add', type: 'user', id: 'jane' })],
    [
      'sudo attributes of a command',
      (id) => ({ op: 'add', type: 'command', id, attributes: SUDO }),
    ],
    [
      'incomplete sudo attributes',
      (id) => ({ op: 'add', type: 'user', id, attributes: { sudo: { enabled: true } } }),
    ],
    [
      'withoutPassword without sudo',
      (id) => ({
        op: 'add',
        type: 'user',
        id,
        attributes: { sudo: { enabled: false, withoutPassword: true } },
      }),
    ],
  ];
  test.each(invalid)('a body with %s is answered 400 and changes nothing', async (_, body) => {
    const id = emulator.store.addUser();
    emulator.store.addObject('command', id);
    expect((await associate(body(id))).status).toBe(400);
    expect(emulator.store.snapshot(host.systemId).edges).toEqual([]);
  });

  test('an association with a missing object is answered 404', async () => {
    expect((await associate({ op: 'add', type: 'user', id: newId() })).status).toBe(404);
  });

  test('a body that is not declared as JSON is answered 400', async () => {
    const path = systemPath('associations');
    const body = { op: 'add', type: 'user', id: emulator.store.addUser() };
    const date = httpDate();
    const signature = authorizationHeader(host, `POST ${path} HTTP/1.1`, { date });
    const length = String(JSON.stringify(body).length);
    const headers = ['Date', date, 'Authorization', signature, 'Content-Length', length];
    const send = (...more: string[]) =>
      sendRaw(emulator.url, { method: 'POST', path, body, headers: [...headers, ...more] });
    expect((await send()).status).toBe(400);
    expect((await send('Content-Type', 'text/plain')).status).toBe(400);
    expect((await send('Content-Type', 'application/json; charset=utf-8')).status).toBe(204);
  });
});

describe('POST members of a system group', () => {
  const member = (group: string, body: object) =>
    send('POST', `/api/v2/systemgroups/${group}/members`, body);

  test('a repeated addition or removal of a membership is refused', async () => {
    const group = emulator.store.addGroup();
    const body = { type: 'system', id: host.systemId };
    expect((await member(group, { op: 'add', ...body })).status).toBe(204);
    const again = await member(group, { op: 'add', ...body });
    expect(again).toMatchObject({ status: 409, body: { message: 'Already Exists' } });
    expect(emulator.store.groupsOf(host.systemId)).toEqual([group]);
    expect((await member(group, { op: 'remove', ...body })).status).toBe(204);
    expect((await member(group, { op: 'remove', ...body })).status).toBe(404);
    expect((await member(newId(), { op: 'add', ...body })).status).toBe(404);
  });

  test.each([
    { op: 'add', type: 'system', id: '0123456789abcdef01234567' },
    { op: 'add', type: 'user' },
    { op: 'update', type: 'system' },
  ])('the body %j is answered 400 and changes nothing', async (body) => {
    const group = emulator.store.addGroup();
    expect((await member(group, { id: host.systemId, ...body })).status).toBe(400);
    expect(emulator.store.groups.get(group)?.size).toBe(0);
  });
});

describe('a dynamic group', () => {
  const member = (group: string, op: string) =>
    send('POST', `/api/v2/systemgroups/${group}/members`, {
      op,
      type: 'system',
      id: host.systemId,
    });
  const dynamic = (refusal?: 400 | 403 | 204) =>
    emulator.store.addNamed('system_group', {
      name: 'all Linux hosts',
      membershipMethod: 'DYNAMIC_AUTOMATED',
      ...(refusal !== undefined && { refusal }),
    });

  test.each([
    [400, 400],
    [403, 403],
    [204, 204],
    [400, undefined],
  ] as const)(
    "a request to join or leave a dynamic group is answered %i without effect if the group's `refusal` is %s",
    async (status, refusal) => {
      const group = dynamic(refusal);
      const message = status === 204 ? undefined : expect.any(String);
      const refused = { status, body: message && { message } };
      expect(await member(group, 'add')).toMatchObject(refused);
      expect(emulator.store.groupsOf(host.systemId)).toEqual([]);
      emulator.store.join(host.systemId, group);
      expect(await member(group, 'add')).toMatchObject(refused);
      expect(await member(group, 'remove')).toMatchObject(refused);
      expect(emulator.store.groupsOf(host.systemId)).toEqual([group]);
    },
  );

  test('a static group can become dynamic and static again', async () => {
    const group = emulator.store.addGroup();
    expect((await member(group, 'add')).status).toBe(204);
    emulator.store.updateDescription('system_group', group, {
      membershipMethod: 'DYNAMIC_REVIEW_REQUIRED',
      refusal: 403,
    });
    expect((await member(group, 'remove')).status).toBe(403);
    emulator.store.updateDescription('system_group', group, { membershipMethod: 'STATIC' });
    expect((await member(group, 'remove')).status).toBe(204);
  });
});

test('the list of users has every path to a user and the combined sudo attributes', async () => {
  const { store } = emulator;
  const [direct, twice, far, farther] = [1, 2, 3, 4].map(() => store.addUser());
  const userGroup = store.addUserGroup([twice ?? '']);
  const farGroup = store.addUserGroup([farther ?? '']);
  const systemGroup = store.addGroup();
  store.addUser();
  store.associate(host.systemId, 'user', direct ?? '');
  store.associate(host.systemId, 'user', twice ?? '');
  store.associate(host.systemId, 'user_group', userGroup, SUDO);
  store.join(host.systemId, systemGroup);
  store.groupEdges.set(
    systemGroup,
    new Map([
      [`user:${far}`, undefined],
      [`user_group:${farGroup}`, undefined],
    ]),
  );

  const { body } = await send('GET', systemPath('users'));
  const users = body as {
    id: string;
    paths: { to: { type: string; id: string } }[][];
    compiledAttributes: unknown;
  }[];
  const seen = users.map(({ id, paths, compiledAttributes }) => [
    id,
    paths.map((path) => path.map(({ to }) => `${to.type} ${to.id}`)),
    compiledAttributes,
  ]);
  expect(seen).toEqual([
    [direct, [[`user ${direct}`]], null],
    [twice, [[`user ${twice}`], [`user_group ${userGroup}`, `user ${twice}`]], SUDO],
    [far, [[`system_group ${systemGroup}`, `user ${far}`]], null],
    [farther, [[`system_group ${systemGroup}`, `user_group ${farGroup}`, `user ${farther}`]], null],
  ]);
});

describe('PUT and DELETE of a record', () => {
  test('PUT changes the given fields and keeps the others', async () => {
    const before = structuredClone(emulator.store.record(host.systemId));
    const { status, body } = await send('PUT', recordPath(), { displayName: 'web-1' });
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, displayName: 'web-1' });
    expect((await send('GET', recordPath())).body).toEqual(body);
  });

  test('PUT accepts an attribute that has an extra key, lacks a value, or has the value null, only if the record already has it in that form', async () => {
    const odd = [
      { name: 'a', value: 'old', _id: newId() },
      { name: 'b' },
      { name: 'c', value: null },
    ];
    Object.assign(emulator.store.record(host.systemId), { attributes: odd });
    const put = async (attributes: object[]) =>
      (await send('PUT', recordPath(), { attributes })).status;
    expect(await put([{ ...odd[0], value: 'new' }, ...odd.slice(1)])).toBe(200);
    expect(await put([{ name: 'a', value: 'new', _id: newId() }])).toBe(400);
    expect(await put([{ name: 'c' }])).toBe(400);
    expect(await put([{ name: 'd', value: null }])).toBe(400);
  });

  test('PUT replaces the whole list of attributes', async () => {
    const list = (...names: string[]) => names.map((name) => ({ name, value: '1' }));
    await send('PUT', recordPath(), { attributes: list('a', 'b') });
    await send('PUT', recordPath(), { attributes: list('c') });
    expect(emulator.store.record(host.systemId).attributes).toEqual(list('c'));
  });

  test('PUT takes the primary user under the flat key primarySystemUser.id, and GET returns it flat or nested', async () => {
    const user = newId();
    const reply = await send('PUT', recordPath(), { 'primarySystemUser.id': user });
    expect(reply.body).toMatchObject({ primarySystemUser: { id: user } });
    emulator.store.flatPrimaryUser = true;
    const { body } = await send('GET', recordPath());
    expect(body).toHaveProperty(['primarySystemUser.id'], user);
    expect(body).not.toHaveProperty('primarySystemUser');
    emulator.store.flatPrimaryUser = false;
    await send('PUT', recordPath(), { 'primarySystemUser.id': null });
    expect(emulator.store.record(host.systemId).primarySystemUser).toEqual({ id: null });
  });

  const invalid: [name: string, fields: object][] = [
    ['a number for text', { displayName: 1 }],
    ['text for a boolean', { allowSshRootLogin: 'true' }],
    ['a read-only field', { hostname: 'web-1' }],
    ['a property name of every object', { constructor: 'x' }],
    ['attributes that are not a list', { attributes: { a: 'b' } }],
    ['an attribute that is too long', { attributes: [{ name: 'a', value: 'x'.repeat(1025) }] }],
    ['an attribute without a value', { attributes: [{ name: 'a' }] }],
    ['a primary user by name', { 'primarySystemUser.id': 'jane' }],
  ];
  test.each(invalid)('PUT with %s is answered 400 and changes no field', async (_, fields) => {
    const before = structuredClone(emulator.store.record(host.systemId));
    const reply = await send('PUT', recordPath(), { displayName: 'web-2', ...fields });
    expect(reply.status).toBe(400);
    expect(emulator.store.record(host.systemId)).toEqual(before);
  });

  test.each([[undefined], [null], [[]], ['displayName']])(
    'PUT with the body %j is answered 400',
    async (body) => {
      expect((await send('PUT', recordPath(), body)).status).toBe(400);
    },
  );

  test('DELETE removes the record and its memberships', async () => {
    const group = emulator.store.addGroup();
    emulator.store.join(host.systemId, group);
    const before = structuredClone(emulator.store.record(host.systemId));
    expect(await send('DELETE', recordPath())).toMatchObject({ status: 200, body: before });
    expect(emulator.store.systems.has(host.systemId)).toBe(false);
    expect(emulator.store.groups.get(group)?.size).toBe(0);
  });
});
