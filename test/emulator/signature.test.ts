import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect } from 'vitest';
import { test } from '../harness/emulator-fixture.ts';
import type { Emulator, EnrolledHost } from './emulator.ts';
import { makeKeyFiles } from './keys.ts';
import { newId } from './store.ts';
import { authorizationHeader, call, exchange, now, type Signing } from './wire.ts';

const directory = mkdtempSync(join(tmpdir(), 'signature-'));
let emulator: Emulator;
let host: EnrolledHost;
let pkcs8: EnrolledHost;
let other: EnrolledHost;
let ineligible: EnrolledHost;
const otherKey = join(directory, 'other.key');

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  const keys = await makeKeyFiles();
  writeFileSync(otherKey, keys.pkcs1);
  host = await emulator.enrol();
  pkcs8 = await emulator.enrol({ keyFormat: 'pkcs8' });
  other = await emulator.enrol({ keys });
  ineligible = await emulator.enrol({ ineligible: true });
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const record = (id = host.systemId) => `/api/systems/${id}`;
const graph = (list: string, id = host.systemId) => `/api/v2/systems/${id}/${list}`;

/** Sends a signed request. By default the signature is valid; `signing` makes parts of it wrong. */
function send(
  path: string,
  signing: Signing & { as?: EnrolledHost; method?: string; extra?: string[] } = {},
) {
  const { as = host, method = 'GET', extra = [] } = signing;
  const date = signing.date ?? now();
  const line = `${method} ${path} HTTP/1.1`;
  const signature = authorizationHeader(as, line, { ...signing, date });
  const headers = ['Date', date, 'Authorization', signature, ...extra];
  return exchange(emulator.url, { method, path, headers });
}

describe('a valid signature', () => {
  const rows: [name: string, reply: () => ReturnType<typeof send>][] = [
    ['of a path', () => send(record())],
    ['with a PKCS#8 key', () => send(record(pkcs8.systemId), { as: pkcs8 })],
    [
      'with another key than the other hosts have',
      () => send(record(other.systemId), { as: other }),
    ],
    [
      'of the path and query exactly as sent',
      () => send(graph('associations?targets=user%5Fgroup')),
    ],
    ['with a date 250 s behind', () => send(record(), { date: now(-250) })],
    ['with a date 250 s ahead', () => send(record(), { date: now(250) })],
  ];
  test.each(rows)('a signature %s is accepted', async (_, reply) => {
    expect((await reply()).status).toBe(200);
  });
});

describe('an invalid signature', () => {
  const rows: [name: string, reply: () => ReturnType<typeof send>][] = [
    ['with the key of another host', () => send(record(), { keyPath: otherKey })],
    [
      'with the id of another host',
      () => send(record(other.systemId), { systemId: other.systemId }),
    ],
    ['for the record of another host', () => send(record(other.systemId))],
    ['for the graph of another host', () => send(graph('memberof', other.systemId))],
    ['for an unknown system', () => send(record(newId()), { systemId: newId() })],
    ['of another path', () => send(record(), { line: `GET ${record()}/ HTTP/1.1` })],
    ['of another method', () => send(record(), { line: `PUT ${record()} HTTP/1.1` })],
    ['of another protocol', () => send(record(), { line: `GET ${record()} HTTP/2` })],
    [
      'of the path without its query',
      () => send(graph('memberof?limit=100'), { line: `GET ${graph('memberof')} HTTP/1.1` }),
    ],
    [
      'of a query with another encoding',
      () =>
        send(graph('associations?targets=user%5Fgroup'), {
          line: `GET ${graph('associations?targets=user_group')} HTTP/1.1`,
        }),
    ],
    [
      'of a query in another order',
      () =>
        send(graph('memberof?skip=0&limit=1'), {
          line: `GET ${graph('memberof?limit=1&skip=0')} HTTP/1.1`,
        }),
    ],
    ['of a longer text', () => send(record(), { line: `GET ${record()} HTTP/1.1\nhost: x` })],
    ['with a date 400 s behind', () => send(record(), { date: now(-400) })],
    ['with a date 400 s ahead', () => send(record(), { date: now(400) })],
    ['with an ISO 8601 date', () => send(record(), { date: new Date().toISOString() })],
    ['with a date in another zone', () => send(record(), { date: now().replace('GMT', '+0000') })],
    [
      'with a day that does not exist',
      () => send(record(), { date: now().replace(/, \d\d/, ', 99') }),
    ],
    [
      'with the wrong day of the week',
      () =>
        send(record(), { date: now().replace(/^.../, (day) => (day === 'Mon' ? 'Tue' : 'Mon')) }),
    ],
    ['with two Date headers', () => send(record(), { extra: ['Date', now()] })],
    [
      'with two Authorization headers',
      () => send(record(), { extra: ['Authorization', 'Basic YTpi'] }),
    ],
    ['of an ineligible host', () => send(record(ineligible.systemId), { as: ineligible })],
    ['for the list of all systems', () => send('/api/systems')],
    ['for a list of users by name', () => send('/api/systemusers?filter=username:$eq:jane')],
    ['for the list of groups', () => send('/api/v2/systemgroups')],
    ['for the members of a group', () => send(`/api/v2/systemgroups/${newId()}/members`)],
    ['for a list of another kind', () => send(graph('policystatuses'))],
    ['for an unsupported method', () => send(record(), { method: 'PATCH' })],
    ['for a path spelled in another case', () => send(record().toUpperCase())],
  ];
  test.each(rows)('a signature %s is answered 401', async (_, reply) => {
    const { status, body } = await reply();
    expect(status).toBe(401);
    expect(body).toMatchObject({ message: 'Unauthorized' });
  });

  const malformed: [name: string, change: (header: string) => string][] = [
    ['with another algorithm', (header) => header.replace('rsa-sha256', 'rsa-sha1')],
    [
      'naming other headers',
      (header) => header.replace('request-line date', '(request-target) date'),
    ],
    ['naming no system', (header) => header.replace('system/', 'user/')],
    ['with a trailing parameter', (header) => `${header},nonce="1"`],
    ['with a signature cut short', (header) => header.replace(/.{8}"$/, '"')],
    ['with an empty signature', (header) => header.replace(/signature=".*"/, 'signature=""')],
  ];
  test.each(malformed)('an Authorization header %s is answered 401', async (_, change) => {
    const date = now();
    const good = authorizationHeader(host, `GET ${record()} HTTP/1.1`, { date });
    const headers = ['Date', date, 'Authorization', change(good)];
    expect((await exchange(emulator.url, { path: record(), headers })).status).toBe(401);
  });

  test.each(['Date', 'Authorization'])('a request without %s is answered 401', async (missing) => {
    const date = now();
    const all = {
      Date: date,
      Authorization: authorizationHeader(host, `GET ${record()} HTTP/1.1`),
    };
    const headers = Object.entries(all).filter(([name]) => name !== missing);
    const reply = await exchange(emulator.url, { path: record(), headers: headers.flat() });
    expect(reply.status).toBe(401);
  });

  test('a signature of a deleted system is answered 401', async () => {
    const deleted = await emulator.enrol();
    expect((await call(emulator.url, deleted, 'DELETE', record(deleted.systemId))).status).toBe(
      200,
    );
    expect((await call(emulator.url, deleted, 'GET', record(deleted.systemId))).status).toBe(401);
    await deleted.remove();
  });

  test.each(['1.0', '1.1'])(
    'a request over HTTP/1.0 is answered 401 even if its signature is for HTTP/%s',
    async (version) => {
      const date = now();
      const signature = authorizationHeader(host, `GET ${record()} HTTP/${version}`, { date });
      const socket = connect(emulator.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `GET ${record()} HTTP/1.0\r\nDate: ${date}\r\nAuthorization: ${signature}\r\n\r\n`,
      );
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /);
    },
  );
});

test('each version of the API answers 401 in its own form', async () => {
  const v1 = await exchange(emulator.url, { path: record(), headers: [] });
  expect(v1.body).toEqual({ message: 'Unauthorized', error: 'Unauthorized' });
  const v2 = await exchange(emulator.url, { path: graph('memberof'), headers: [] });
  expect(v2.body).toEqual({ message: 'Unauthorized' });
});

test('a server with a wrong clock sends its time in Date and refuses a signature with the real time', async ({
  startWith,
}) => {
  const late = await startWith({ clock: () => Date.now() - 1_000_000, skewTolerance: 30 });
  const lateHost = await late.enrol();
  const path = record(lateHost.systemId);
  const refused = await call(late.url, lateHost, 'GET', path);
  expect(refused.status).toBe(401);
  const off = (Date.parse(refused.headers.date ?? '') - Date.now()) / 1000;
  expect(off).toBeGreaterThan(-1002);
  expect(off).toBeLessThan(-998);
  const date = String(refused.headers.date);
  const signature = authorizationHeader(lateHost, `GET ${path} HTTP/1.1`, { date });
  const headers = ['Date', date, 'Authorization', signature];
  expect((await exchange(late.url, { path, headers })).status).toBe(200);
});
