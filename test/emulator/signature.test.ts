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
import { authorizationHeader, httpDate, type SignatureParts, sendRaw, sendSigned } from './wire.ts';

const directory = mkdtempSync(join(tmpdir(), 'signature-'));
let emulator: Emulator;
let host: EnrolledHost;
let pkcs8Host: EnrolledHost;
let otherHost: EnrolledHost;
let ineligibleHost: EnrolledHost;
const otherKey = join(directory, 'other.key');

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  const keys = await makeKeyFiles();
  writeFileSync(otherKey, keys.pkcs1);
  host = await emulator.enrol();
  pkcs8Host = await emulator.enrol({ keyFormat: 'pkcs8' });
  otherHost = await emulator.enrol({ keys });
  ineligibleHost = await emulator.enrol({ ineligible: true });
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const recordPath = (id = host.systemId) => `/api/systems/${id}`;
const graphPath = (list: string, id = host.systemId) => `/api/v2/systems/${id}/${list}`;

/** Sends a signed request. By default the signature is valid; `signing` makes parts of it wrong. */
function send(
  path: string,
  signing: SignatureParts & { as?: EnrolledHost; method?: string; extra?: string[] } = {},
) {
  const { as = host, method = 'GET', extra = [] } = signing;
  const date = signing.date ?? httpDate();
  const line = `${method} ${path} HTTP/1.1`;
  const signature = authorizationHeader(as, line, { ...signing, date });
  const headers = ['Date', date, 'Authorization', signature, ...extra];
  return sendRaw(emulator.url, { method, path, headers });
}

describe('a valid signature', () => {
  const rows: [name: string, reply: () => ReturnType<typeof send>][] = [
    ['of a path', () => send(recordPath())],
    ['with a PKCS#8 key', () => send(recordPath(pkcs8Host.systemId), { as: pkcs8Host })],
    [
      'with another key than the other hosts have',
      () => send(recordPath(otherHost.systemId), { as: otherHost }),
    ],
    [
      'of the path and query exactly as sent',
      () => send(graphPath('associations?targets=user%5Fgroup')),
    ],
    ['with a date 250 s behind', () => send(recordPath(), { date: httpDate(-250) })],
    ['with a date 250 s ahead', () => send(recordPath(), { date: httpDate(250) })],
  ];
  test.each(rows)('a signature %s is accepted', async (_, reply) => {
    expect((await reply()).status).toBe(200);
  });
});

describe('an invalid signature', () => {
  const rows: [name: string, reply: () => ReturnType<typeof send>][] = [
    ['with the key of another host', () => send(recordPath(), { keyPath: otherKey })],
    [
      'with the id of another host',
      () => send(recordPath(otherHost.systemId), { systemId: otherHost.systemId }),
    ],
    ['for the record of another host', () => send(recordPath(otherHost.systemId))],
    ['for the graph of another host', () => send(graphPath('memberof', otherHost.systemId))],
    ['for an unknown system', () => send(recordPath(newId()), { systemId: newId() })],
    ['of another path', () => send(recordPath(), { line: `GET ${recordPath()}/ HTTP/1.1` })],
    ['of another method', () => send(recordPath(), { line: `PUT ${recordPath()} HTTP/1.1` })],
    ['of another protocol', () => send(recordPath(), { line: `GET ${recordPath()} HTTP/2` })],
    [
      'of the path without its query',
      () =>
        send(graphPath('memberof?limit=100'), { line: `GET ${graphPath('memberof')} HTTP/1.1` }),
    ],
    [
      'of a query with another encoding',
      () =>
        send(graphPath('associations?targets=user%5Fgroup'), {
          line: `GET ${graphPath('associations?targets=user_group')} HTTP/1.1`,
        }),
    ],
    [
      'of a query in another order',
      () =>
        send(graphPath('memberof?skip=0&limit=1'), {
          line: `GET ${graphPath('memberof?limit=1&skip=0')} HTTP/1.1`,
        }),
    ],
    [
      'of a longer text',
      () => send(recordPath(), { line: `GET ${recordPath()} HTTP/1.1\nhost: x` }),
    ],
    ['with a date 400 s behind', () => send(recordPath(), { date: httpDate(-400) })],
    ['with a date 400 s ahead', () => send(recordPath(), { date: httpDate(400) })],
    ['with an ISO 8601 date', () => send(recordPath(), { date: new Date().toISOString() })],
    [
      'with a date in another zone',
      () => send(recordPath(), { date: httpDate().replace('GMT', '+0000') }),
    ],
    [
      'with a day that does not exist',
      () => send(recordPath(), { date: httpDate().replace(/, \d\d/, ', 99') }),
    ],
    [
      'with the wrong day of the week',
      () =>
        send(recordPath(), {
          date: httpDate().replace(/^.../, (day) => (day === 'Mon' ? 'Tue' : 'Mon')),
        }),
    ],
    ['with two Date headers', () => send(recordPath(), { extra: ['Date', httpDate()] })],
    [
      'with two Authorization headers',
      () => send(recordPath(), { extra: ['Authorization', 'Basic YTpi'] }),
    ],
    [
      'of an ineligible host',
      () => send(recordPath(ineligibleHost.systemId), { as: ineligibleHost }),
    ],
    ['for the list of all systems', () => send('/api/systems')],
    ['for a list of users by name', () => send('/api/systemusers?filter=username:$eq:jane')],
    ['for the list of groups', () => send('/api/v2/systemgroups')],
    ['for the members of a group', () => send(`/api/v2/systemgroups/${newId()}/members`)],
    ['for a list of another kind', () => send(graphPath('policystatuses'))],
    ['for an unsupported method', () => send(recordPath(), { method: 'PATCH' })],
    ['for a path spelled in another case', () => send(recordPath().toUpperCase())],
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
    const date = httpDate();
    const good = authorizationHeader(host, `GET ${recordPath()} HTTP/1.1`, { date });
    const headers = ['Date', date, 'Authorization', change(good)];
    expect((await sendRaw(emulator.url, { path: recordPath(), headers })).status).toBe(401);
  });

  test.each(['Date', 'Authorization'])('a request without %s is answered 401', async (missing) => {
    const date = httpDate();
    const all = {
      Date: date,
      Authorization: authorizationHeader(host, `GET ${recordPath()} HTTP/1.1`),
    };
    const headers = Object.entries(all).filter(([name]) => name !== missing);
    const reply = await sendRaw(emulator.url, { path: recordPath(), headers: headers.flat() });
    expect(reply.status).toBe(401);
  });

  test('a request that a deleted system signs is answered 401', async () => {
    const deleted = await emulator.enrol();
    expect(
      (await sendSigned(emulator.url, deleted, 'DELETE', recordPath(deleted.systemId))).status,
    ).toBe(200);
    expect(
      (await sendSigned(emulator.url, deleted, 'GET', recordPath(deleted.systemId))).status,
    ).toBe(401);
    await deleted.remove();
  });

  test.each(['1.0', '1.1'])(
    'a request over HTTP/1.0 with a signature for HTTP/%s is answered 401',
    async (version) => {
      const date = httpDate();
      const signature = authorizationHeader(host, `GET ${recordPath()} HTTP/${version}`, { date });
      const socket = connect(emulator.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `GET ${recordPath()} HTTP/1.0\r\nDate: ${date}\r\nAuthorization: ${signature}\r\n\r\n`,
      );
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /);
    },
  );
});

test('each version of the API answers 401 in its own form', async () => {
  const v1 = await sendRaw(emulator.url, { path: recordPath(), headers: [] });
  expect(v1.body).toEqual({ message: 'Unauthorized', error: 'Unauthorized' });
  const v2 = await sendRaw(emulator.url, { path: graphPath('memberof'), headers: [] });
  expect(v2.body).toEqual({ message: 'Unauthorized' });
});

test('a server with a wrong clock sends its time in Date and refuses a signature with the real time', async ({
  startWith,
}) => {
  const late = await startWith({ clock: () => Date.now() - 1_000_000, skewTolerance: 30 });
  const lateHost = await late.enrol();
  const path = recordPath(lateHost.systemId);
  const refused = await sendSigned(late.url, lateHost, 'GET', path);
  expect(refused.status).toBe(401);
  const off = (Date.parse(refused.headers.date ?? '') - Date.now()) / 1000;
  expect(off).toBeGreaterThan(-1002);
  expect(off).toBeLessThan(-998);
  const date = String(refused.headers.date);
  const signature = authorizationHeader(lateHost, `GET ${path} HTTP/1.1`, { date });
  const headers = ['Date', date, 'Authorization', signature];
  expect((await sendRaw(late.url, { path, headers })).status).toBe(200);
});
