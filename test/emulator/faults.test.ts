import { Agent } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { beforeEach, describe, expect } from 'vitest';
import { type StartEmulator, test } from '../harness/emulator-fixture.ts';
import type { Emulator, EmulatorOptions, EnrolledHost } from './emulator.ts';
import type { Fault } from './faults.ts';
import { issueServerCertificate, makeCa, type TlsIdentity } from './keys.ts';
import type { LoggedRequest } from './types.ts';
import { type RawReply, sendSigned } from './wire.ts';

let emulator: Emulator;
let host: EnrolledHost;
let startWith: StartEmulator;
test.beforeAll(({ startWith: shared }) => {
  startWith = shared;
});
async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = await startWith(options);
  host = await emulator.enrol();
}

const recordPath = () => `/api/systems/${host.systemId}`;
const get = (agent?: Agent) =>
  sendSigned(emulator.url, host, 'GET', recordPath(), undefined, agent);
const rename = (displayName: string, agent?: Agent) =>
  sendSigned(emulator.url, host, 'PUT', recordPath(), { displayName }, agent);
const nameNow = () => emulator.store.record(host.systemId).displayName;
const nextEndedRequest = () =>
  new Promise<LoggedRequest>((resolve) => {
    emulator.onRequest.push(resolve);
  });

describe('an injected fault', () => {
  beforeEach(() => start());

  interface Expected {
    /** The code of the expected error, or the expected answer. */
    readonly answer: string | Partial<RawReply> | ((reply: RawReply) => void);
    readonly logged: number;
    readonly applied: boolean;
  }
  const broken = { answer: 'ECONNRESET', logged: 0 };
  const rows: [fault: Fault, expected: Expected][] = [
    [
      { kind: 'status', status: 503, retryAfter: 7 },
      {
        answer: ({ status, headers }) => {
          expect(status).toBe(503);
          expect(headers['retry-after']).toBe('7');
        },
        logged: 503,
        applied: false,
      },
    ],
    [
      { kind: 'status', status: 429, retryAfter: { date: 90 } },
      {
        answer: ({ headers }) => {
          const wait = Date.parse(String(headers['retry-after'])) - Date.now();
          expect(wait).toBeGreaterThan(88_000);
          expect(wait).toBeLessThan(91_000);
        },
        logged: 429,
        applied: false,
      },
    ],
    [
      { kind: 'status', status: 502, applied: true, text: '<html>', headers: { 'x-by': 'proxy' } },
      {
        answer: ({ text, headers }) => expect([text, headers['x-by']]).toEqual(['<html>', 'proxy']),
        logged: 502,
        applied: true,
      },
    ],
    [{ kind: 'reset-before' }, { ...broken, applied: false }],
    [{ kind: 'reset-after' }, { ...broken, applied: true }],
    [
      { kind: 'slow', ms: 50 },
      { answer: { status: 200 }, logged: 200, applied: true },
    ],
    [
      { kind: 'trickle', ms: 0 },
      { answer: { status: 200 }, logged: 200, applied: true },
    ],
    [{ kind: 'truncated' }, { answer: 'ECONNRESET', logged: 200, applied: true }],
    [
      { kind: 'body', text: '<html>', status: 203, headers: { 'content-type': 'text/plain' } },
      {
        answer: ({ status, text, headers }) =>
          expect([status, text, headers['content-type']]).toEqual([203, '<html>', 'text/plain']),
        logged: 203,
        applied: false,
      },
    ],
    [
      { kind: 'mangle', change: (body) => ({ ...Object(body), displayName: 7 }) },
      {
        answer: ({ body }) => expect(body).toMatchObject({ displayName: 7 }),
        logged: 200,
        applied: true,
      },
    ],
    [
      { kind: 'redirect', location: 'https://elsewhere.example' },
      {
        answer: ({ status, headers }) =>
          expect([status, headers.location]).toEqual([302, 'https://elsewhere.example']),
        logged: 302,
        applied: false,
      },
    ],
    [{ kind: 'endless-headers' }, { answer: 'HPE_HEADER_OVERFLOW', logged: 200, applied: true }],
    [
      { kind: 'ignored-write' },
      {
        answer: ({ status, body }) => {
          expect(status).toBe(200);
          expect(body).toMatchObject({ displayName: 'before' });
        },
        logged: 200,
        applied: false,
      },
    ],
    [
      {
        kind: 'concurrent',
        when: 'before',
        change: (store) => {
          for (const { record } of store.systems.values()) record.displayName = 'changed';
        },
      },
      { answer: { status: 200 }, logged: 200, applied: true },
    ],
    [
      {
        kind: 'concurrent',
        when: 'after',
        change: (store) => {
          for (const { record } of store.systems.values()) record.displayName = 'before';
        },
      },
      {
        answer: ({ body }) => expect(body).toMatchObject({ displayName: 'after' }),
        logged: 200,
        applied: false,
      },
    ],
  ];
  test.each(rows)(
    'with the fault %j, one request gets the expected answer and effect, and the next request succeeds',
    async (fault, { answer, logged, applied }) => {
      emulator.store.record(host.systemId).displayName = 'before';
      emulator.faults.add({ fault });
      const ended = nextEndedRequest();
      const reply = await rename('after').catch((error: NodeJS.ErrnoException) => error);
      if (reply instanceof Error) expect(reply.code).toBe(answer);
      else if (typeof answer === 'function') answer(reply);
      else expect(reply).toMatchObject(Object(answer));
      expect(nameNow()).toBe(applied ? 'after' : 'before');
      expect(await ended).toMatchObject({ method: 'PUT', status: logged, fault: fault.kind });
      expect((await ended).endedAt).toBeGreaterThan(0);
      // The fault hit only the first request.
      expect((await rename('next')).status).toBe(200);
      expect(nameNow()).toBe('next');
    },
  );

  test('the emulator stops sending an endless body when the client closes the connection', async () => {
    emulator.faults.add({ fault: { kind: 'endless-body' } });
    const agent = new Agent({ keepAlive: true });
    const ended = nextEndedRequest();
    const reply = get(agent).catch((error: NodeJS.ErrnoException) => error.code);
    await expect.poll(() => emulator.requests[0]?.status).toBe(200);
    agent.destroy();
    expect(await reply).toBe('ECONNRESET');
    await ended;
  });

  test('an endless body in the answer to a write ends when the emulator is closed', async () => {
    emulator.faults.add({ fault: { kind: 'endless-body' } });
    const path = `/api/v2/systemgroups/${emulator.store.addGroup()}/members`;
    const body = { op: 'add', type: 'system', id: host.systemId };
    const reply = sendSigned(emulator.url, host, 'POST', path, body).catch(({ code }) => code);
    await expect.poll(() => emulator.requests[0]?.status).toBe(200);
    await emulator.close();
    expect(await reply).toBe('ECONNRESET');
  });

  test('a write with the fault `ignored-write` still requires a valid signature', async () => {
    emulator.faults.add({ fault: { kind: 'ignored-write' } });
    emulator.store.removeSystem(host.systemId);
    expect((await rename('after')).status).toBe(401);
  });

  test('a kept-alive connection stays usable after a fault with a complete answer', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    emulator.faults.add({ fault: { kind: 'trickle', ms: 0 } });
    expect((await get(agent)).status).toBe(200);
    expect((await get(agent)).status).toBe(200);
    agent.destroy();
  });

  test('the `skip` and `times` of a fault rule count only requests that match its condition', async () => {
    emulator.faults.add({
      fault: { kind: 'status', status: 500 },
      when: ({ method, body }) => method === 'PUT' && Object(body).displayName !== 'excluded',
      skip: 1,
      times: 2,
    });
    const statuses = [];
    for (const name of ['a', 'excluded', 'b', 'c', 'd']) statuses.push((await rename(name)).status);
    expect([(await get()).status, ...statuses]).toEqual([200, 200, 200, 500, 500, 200]);
    expect(emulator.faults.injected).toEqual({ 'status 500': 2 });
  });

  test('refuse() makes every write of an edge to the given object fail with the given status', async () => {
    const { store, faults } = emulator;
    const [allowed, group, command, user] = [
      store.addGroup(),
      store.addGroup(),
      store.add('command'),
      store.addUser(),
    ];
    const member = (id: string, op: string) =>
      sendSigned(emulator.url, host, 'POST', `/api/v2/systemgroups/${id}/members`, {
        op,
        type: 'system',
        id: host.systemId,
      });
    const edge = (type: string, id: string, op: string) =>
      sendSigned(emulator.url, host, 'POST', `/api/v2/systems/${host.systemId}/associations`, {
        op,
        type,
        id,
      });
    faults.refuse(group, 403);
    faults.refuse(command, 422, { message: 'no such command' });
    faults.refuse(user, 400, { op: 'remove' });
    faults.refuse(host.systemId, 500);
    for (let i = 0; i < 2; i++) {
      expect((await member(group, 'add')).status).toBe(403);
      const refused = { status: 422, body: { message: 'no such command' } };
      expect(await edge('command', command, 'add')).toMatchObject(refused);
    }
    expect((await member(allowed, 'add')).status).toBe(204);
    expect((await edge('user', user, 'add')).status).toBe(204);
    expect((await edge('user', user, 'remove')).status).toBe(400);
    expect(store.snapshot(host.systemId)).toEqual({
      groups: [allowed],
      edges: [[`user:${user}`, undefined]],
    });
    expect((await get()).status).toBe(200);
    faults.clear();
    expect((await member(group, 'add')).status).toBe(204);
  });

  test('random faults are the same for the same seed', async () => {
    const rates = { serverError: 0.2, rateLimit: 0.2, resetBefore: 0.1, resetAfter: 0.1 };
    const runStorm = async () => {
      emulator.faults.storm(7, rates);
      const seen = [];
      for (let i = 0; i < 30; i++)
        seen.push(
          await get().then(
            (r) => r.status,
            (e) => e.code,
          ),
        );
      return seen;
    };
    const first = await runStorm();
    expect(await runStorm()).toEqual(first);
    expect(new Set(first)).toContain(200);
    expect(new Set(first)).toContain('ECONNRESET');
    emulator.faults.clear();
    expect((await get()).status).toBe(200);
  });
});

describe('the option observeLag', () => {
  const getMemberships = async () =>
    (await sendSigned(emulator.url, host, 'GET', `/api/v2/systems/${host.systemId}/memberof`)).body;
  const join = (id: string) =>
    sendSigned(emulator.url, host, 'POST', `/api/v2/systemgroups/${id}/members`, {
      op: 'add',
      type: 'system',
      id: host.systemId,
    });

  test('after a write, every read of the graph is stale until observeLag has passed', async () => {
    await start({ observeLag: 300 });
    const group = emulator.store.addGroup();
    expect((await join(group)).status).toBe(204);
    expect(await getMemberships()).toEqual([]);
    expect((await join(group)).status).toBe(409);
    await expect.poll(getMemberships, { timeout: 2000 }).toMatchObject([{ id: group }]);
  });

  test('after a write, only the graph of that host is stale: every record is current, and so are the graphs of other hosts', async () => {
    await start({ observeLag: 60_000 });
    const group = emulator.store.addGroup();
    const other = await emulator.enrol();
    const path = `/api/v2/systems/${other.systemId}/memberof`;
    await join(group);
    emulator.store.join(other.systemId, group);
    expect((await sendSigned(emulator.url, other, 'GET', path)).body).toMatchObject([
      { id: group },
    ]);
    await rename('web-1');
    expect((await get()).body).toMatchObject({ displayName: 'web-1' });
    await other.remove();
  });
});

test('requests above the rate limit are answered 429 until the period ends', async () => {
  await start({ rateLimit: { requests: 2, perSeconds: 1 } });
  const statuses = [(await get()).status, (await get()).status];
  const limited = await get();
  expect([...statuses, limited.status]).toEqual([200, 200, 429]);
  expect(limited.headers['retry-after']).toBe('1');
  expect(emulator.requests.at(-1)?.status).toBe(429);
  await expect.poll(async () => (await get()).status, { interval: 200, timeout: 3000 }).toBe(200);
});

test.each([0, 50])(
  'an initialisation race overwrites two writes (observeLag: %i ms)',
  async (lag) => {
    await start({ observeLag: lag });
    emulator.initialisationRace(host.systemId, {
      afterMs: 10,
      fields: { displayName: 'agent' },
      times: 2,
    });
    const refused = await sendSigned(emulator.url, host, 'PUT', recordPath(), { hostname: 'x' });
    expect(refused.status).toBe(400);
    for (const name of ['a', 'b']) {
      expect((await rename(name)).body).toMatchObject({ displayName: name });
      await expect.poll(nameNow).toBe('agent');
    }
    await rename('c');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(nameNow()).toBe('c');
  },
);

test("an initialisation race does not bring back a host that was deleted before the race's write", async () => {
  await start();
  emulator.initialisationRace(host.systemId, { afterMs: 20, fields: { displayName: 'agent' } });
  await rename('a');
  await sendSigned(emulator.url, host, 'DELETE', recordPath());
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(emulator.store.systems.has(host.systemId)).toBe(false);
});

test('closing the emulator cuts connections that wait for an answer', async () => {
  await start();
  emulator.faults.add({ fault: { kind: 'silence' } });
  emulator.faults.add({ fault: { kind: 'slow', ms: 60_000 } });
  const waiting = [get(), get()].map((reply) => reply.catch(({ code }) => code));
  await expect.poll(() => emulator.requests.length).toBe(2);
  await emulator.close();
  expect(await Promise.all(waiting)).toEqual(['ECONNRESET', 'ECONNRESET']);
});

describe('the option tls', () => {
  let ca: TlsIdentity;
  const verdict = (port: number, servername: string) =>
    new Promise<string>((resolve) => {
      const socket = connectTls({ port, host: '127.0.0.1', servername, ca: ca.cert });
      const end = (outcome: string) => {
        socket.destroy();
        resolve(outcome);
      };
      socket.on('secureConnect', () => end('trusted'));
      socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
    });

  test.each([
    ['valid', {}, 'trusted'],
    ['expired', { days: -1 }, 'CERT_HAS_EXPIRED'],
    ['issued for another name', { names: 'DNS:elsewhere' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('a certificate that is %s (%j) gives the verdict %s', async (_, validity, expected) => {
    ca ??= await makeCa();
    await start({ tls: await issueServerCertificate(ca, validity) });
    expect(emulator.url).toBe(`https://localhost:${emulator.port}`);
    expect(await verdict(emulator.port, 'localhost')).toBe(expected);
  });

  test('a certificate of another certificate authority is not trusted', async () => {
    ca ??= await makeCa();
    await start({ tls: await issueServerCertificate(await makeCa()) });
    expect(await verdict(emulator.port, 'localhost')).not.toBe('trusted');
  });
});
