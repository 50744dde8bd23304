import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import type { EnrolOptions } from '../emulator/enrol.ts';
import { issue, makeCa, makeKeyFiles } from '../emulator/keys.ts';
import type { StartWith } from '../harness/emulator-fixture.ts';
import { type Answer, type ModuleName, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { leaks } from './leaks.ts';

const MINUTE = 60;
const DAY = 86_400;
const YEAR = 365 * DAY;

let emulator: Emulator;
let host: EnrolledHost;
let startWith: StartWith;
test.beforeAll(({ startWith: shared }) => {
  startWith = shared;
});

/** A server whose clock is off by so many seconds from this host's, and a host of its own. */
async function start(offset: number | (() => number), enrolment: EnrolOptions = {}): Promise<void> {
  const seconds = typeof offset === 'number' ? () => offset : offset;
  emulator = await startWith({ clock: () => Date.now() + seconds() * 1000 });
  host = await emulator.enrol(enrolment);
}

async function run(module: ModuleName, options: Record<string, unknown> = {}): Promise<Answer> {
  const { answer, stdout, stderr } = await runModule(module, {
    agent_dir: host.agentDir,
    api_url: emulator.url,
    timeout: 5,
    _ansible_verbosity: 2,
    ...options,
  });
  expect(stderr).toBe('');
  expect(await leaks(stdout, emulator.requests)).toEqual([]);
  return answer;
}

const api = (answer: Answer) =>
  answer['api'] as { requests: number; retries: number; clock_offset: number | null };
const statuses = () => emulator.requests.map(({ method, status }) => `${method} ${status}`);

describe('a clock within what JumpCloud tolerates', () => {
  test.each([31, -31, 200, -200])('%i s off is left alone', async (offset) => {
    await start(offset);
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ changed: true, warnings: [] });
    expect(statuses()).toEqual(['GET 200', 'PUT 200']);
    expect(Math.abs(Number(api(answer).clock_offset) - offset)).toBeLessThanOrEqual(1);
  });
});

const WRONG = [
  ['10 minutes behind', 10 * MINUTE],
  ['10 minutes ahead', -10 * MINUTE],
  ['a day behind', DAY],
  ['a day ahead', -DAY],
  ['10 years behind', 10 * YEAR],
  ['10 years ahead', -10 * YEAR],
] as const;

describe.each(WRONG)('a clock that is %s', (_, offset) => {
  const expectWarning = ({ warnings }: Answer) => {
    expect(warnings).toHaveLength(1);
    const [, seconds, direction] =
      /^This host's clock is (\d+) s (behind|ahead of) JumpCloud's; .*Set the clock/.exec(
        warnings[0] ?? '',
      ) ?? [];
    expect(direction).toBe(offset > 0 ? 'behind' : 'ahead of');
    expect(Math.abs(Number(seconds) - Math.abs(offset))).toBeLessThanOrEqual(2);
  };

  test('is corrected once, and said once', async () => {
    await start(offset);
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ changed: true });
    expect(statuses()).toEqual(['GET 401', 'GET 200', 'PUT 200']);
    expect(api(answer)).toMatchObject({ requests: 3, retries: 0 });
    expect(Math.abs(Number(api(answer).clock_offset) - offset)).toBeLessThanOrEqual(1);
    expectWarning(answer);
    expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({
      changed: false,
    });
  });

  test('spoils no read of those made at the same time', async () => {
    await start(offset);
    const answer = await run('jumpcloud_system_info');
    expect(answer).toMatchObject({ changed: false, enrolled: true });
    expectWarning(answer);
    const paths = new Set(emulator.requests.map(({ url }) => url));
    for (const path of paths) {
      const mine = emulator.requests.filter(({ url }) => url === path).map(({ status }) => status);
      expect([[200], [401, 200]]).toContainEqual(mine);
    }
    expect(api(answer).retries).toBe(0);
    const agent = answer['agent'] as { clock_offset: number };
    expect(Math.abs(agent.clock_offset - offset)).toBeLessThanOrEqual(1);
  });

  test('does not keep a host from being removed', async () => {
    await start(offset);
    const answer = await run('jumpcloud_removal', { purge_identity: true });
    expect(answer).toMatchObject({
      changed: true,
      removed: [{ type: 'system', id: host.systemId }],
    });
    expectWarning(answer);
    expect(emulator.store.systems.has(host.systemId)).toBe(false);
    // The read that verifies is refused at the right time: that is what shows that it is gone.
    expect(statuses()).toEqual(['GET 401', 'GET 200', 'DELETE 200', 'GET 401']);
  });
});

test('a clock that is set during the run is followed', async () => {
  let offset = DAY;
  await start(() => offset);
  emulator.onRequest.push(({ method, status }) => {
    if (method === 'GET' && status === 200) offset = 0;
  });
  const answer = await run('jumpcloud_system', { display_name: 'web-1' });
  expect(answer).toMatchObject({ changed: true });
  expect(statuses()).toEqual(['GET 401', 'GET 200', 'PUT 401', 'PUT 200']);
});

test('a server whose Date means nothing does no harm', async () => {
  await start(0);
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return new Date(seed * 1000).toUTCString();
  };
  emulator.faults.add({
    fault: { kind: 'date', date: random },
    times: Number.POSITIVE_INFINITY,
  });
  expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({ changed: true });
  expect(statuses()).toEqual(['GET 200', 'PUT 200']);
  emulator.clearRequests();
  emulator.store.removeSystem(host.systemId);
  expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({
    error: { code: 'unauthorized' },
  });
  expect(emulator.requests.length).toBeLessThanOrEqual(2);
});

describe('a 401 with an answer that tells no time is sent once, and the clock may be the cause', () => {
  test.each([
    ['none', null],
    ['empty', ''],
    ['no date', 'yesterday'],
    ['a number', '0'],
    ['the epoch', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['far ahead', 'Fri, 31 Dec 9999 23:59:59 GMT'],
    ['impossible', 'Mon, 99 Foo 2026 77:77:77 GMT'],
  ])('%s', async (_, date) => {
    await start(0);
    emulator.faults.add({
      fault: { kind: 'date', date: () => date },
      times: Number.POSITIVE_INFINITY,
    });
    emulator.store.removeSystem(host.systemId);
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'unauthorized' } });
    expect(answer.msg).toMatch(/this host's clock is wrong/);
    expect(statuses()).toEqual(['GET 401']);
    expect(api(answer)).toMatchObject({ requests: 1, retries: 0, clock_offset: null });
  });
});

describe('over https, a 401 whose Date', () => {
  /** A server whose certificate is valid from a day ago until ten days ahead. */
  async function startSecure(offset: number): Promise<Record<string, unknown>> {
    const ca = await makeCa();
    const tls = await issue(ca, { days: 10, since: -1 });
    emulator = await startWith({ tls, clock: () => Date.now() + offset * 1000 });
    host = await emulator.enrol();
    const caPath = join(host.agentDir, 'test-ca.pem');
    writeFileSync(caPath, ca.cert);
    return { ca_path: caPath };
  }

  const throughProxy = async (options: Record<string, unknown>, isProxied: boolean) => {
    if (!isProxied) return run('jumpcloud_system', { ...options, display_name: 'web-1' });
    const proxy = await startConnectProxy();
    const given = { ...options, display_name: 'web-1', proxy: proxy.url };
    return run('jumpcloud_system', given).finally(proxy.close);
  };

  const within: [when: string, offset: number, isProxied: boolean][] = [
    ['ten minutes ahead', 10 * MINUTE, false],
    ['nine days ahead', 9 * DAY, false],
    ['nine days ahead, through a proxy', 9 * DAY, true],
    ['ten hours behind', -10 * 60 * MINUTE, false],
  ];
  test.each(within)(
    "lies within the certificate's validity corrects the clock: %s",
    async (_, offset, isProxied) => {
      const answer = await throughProxy(await startSecure(offset), isProxied);
      expect(answer, answer.msg).toMatchObject({ changed: true });
      expect(answer.warnings).toHaveLength(1);
      expect(statuses()).toEqual(['GET 401', 'GET 200', 'PUT 200']);
    },
  );

  const outside: [when: string, offset: number, isProxied: boolean][] = [
    ['eleven days ahead', 11 * DAY, false],
    ['eleven days ahead, through a proxy', 11 * DAY, true],
    ['years ahead', 4 * YEAR, false],
    ['two days behind', -2 * DAY, false],
  ];
  test.each(outside)(
    "lies outside the certificate's validity signs nothing with that time: %s",
    async (_, offset, isProxied) => {
      const answer = await throughProxy(await startSecure(offset), isProxied);
      expect(answer).toMatchObject({ changed: false, error: { code: 'unauthorized' } });
      expect(answer.msg).toMatch(/this host's clock is wrong/);
      expect(answer.warnings).toEqual([]);
      expect(statuses()).toEqual(['GET 401']);
      expect(api(answer).clock_offset).toBeNull();
    },
  );

  test('lies outside it does so too when the connection is not kept', async () => {
    const options = await startSecure(4 * YEAR);
    const headers = { connection: 'close', date: new Date(Date.now() + 4e11).toUTCString() };
    const text = '{"message":"Unauthorized"}';
    emulator.faults.add({ fault: { kind: 'status', status: 401, headers, text }, times: 9 });
    await run('jumpcloud_system', options);
    expect(statuses()).toEqual(['GET 401']);
  });
});

describe('a 401 with a right clock is sent once, and names only what is still possible', () => {
  const DELETED = /record of system \w+ was deleted in JumpCloud.*: register the agent anew/;
  const KIND = /enrolled by MDM, Apple ADE or through the User Portal/;
  const KEY = /client\.key is not of this registration/;
  const REGION = /organisation is in another region than/;
  const CLOCK = /clock/;
  const ALL = [KIND, KEY, REGION, CLOCK];

  interface Situation {
    readonly what: string;
    readonly enrolment?: () => Promise<EnrolOptions>;
    readonly before?: () => void | Promise<void>;
    readonly possible: readonly RegExp[];
    readonly requests?: readonly string[];
  }
  const deleted = () => emulator.store.removeSystem(host.systemId);
  const unauthorizedWrite = () =>
    emulator.faults.add({
      fault: { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' },
      when: ({ method }) => method === 'PUT',
    });
  const situations: Situation[] = [
    { what: 'the record was deleted', before: deleted, possible: [DELETED, KIND, REGION] },
    {
      what: 'no certificate to compare the key with',
      before: () => rmSync(join(host.agentDir, 'client.crt')),
      enrolment: async () => ({ ineligible: true }),
      possible: [DELETED, KIND, KEY, REGION],
    },
    {
      what: 'key and certificate of another registration',
      before: async () => {
        const { publicKey } = await makeKeyFiles();
        emulator.store.addSystem(emulator.store.record(host.systemId), publicKey);
      },
      possible: [/or is of another registration than client\.key/, KIND, REGION],
    },
    {
      what: 'a host that may not act for itself',
      enrolment: async () => ({ ineligible: true }),
      possible: [DELETED, KIND, REGION],
    },
    {
      what: 'deleted between reading and writing',
      before: () =>
        emulator.faults.add({
          fault: { kind: 'concurrent', when: 'before', change: deleted },
          when: ({ method }) => method === 'PUT',
        }),
      possible: [DELETED],
      requests: ['GET 200', 'PUT 401'],
    },
    ...(['mdm', 'user'] as const).map((type) => ({
      what: `enrolled by ${type}, as its record told`,
      enrolment: async () => ({
        record: { provisionMetadata: { provisioner: { type } } },
      }),
      before: unauthorizedWrite,
      possible: [DELETED, type === 'mdm' ? /enrolled by MDM, and/ : /through the User Portal, and/],
      requests: ['GET 200', 'PUT 401'],
    })),
  ];
  test.each(situations)('$what', async ({ enrolment, before, possible, requests }) => {
    const impossible = ALL.filter((cause) => !possible.includes(cause));
    await start(0, await enrolment?.());
    await before?.();
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'unauthorized' } });
    for (const cause of possible) expect(answer.msg).toMatch(cause);
    for (const cause of impossible) expect(answer.msg).not.toMatch(cause);
    expect(answer.error?.['causes']).toHaveLength(possible.length);
    expect(answer.warnings).toEqual([]);
    expect(statuses()).toEqual(requests ?? ['GET 401']);
    expect(api(answer).retries).toBe(0);
  });
});

describe('a 401 of a region', () => {
  const REGION =
    /organisation is in another region than https:\/\/console\.(eu\.)?jumpcloud\.com: set region/;

  test.each([
    ["the agent's own", 'agent.eu.jumpcloud.com', {}, false],
    ["the agent's own, said again", 'agent.eu.jumpcloud.com', { region: 'eu' }, false],
    ["not the agent's", 'agent.jumpcloud.com', { region: 'eu' }, true],
    ['assumed for an agent of no known region', 'agent.example', {}, true],
  ])('%s', async (_, agentServerHost, options, isPossible) => {
    const ca = await makeCa();
    const names = 'DNS:console.jumpcloud.com,DNS:console.eu.jumpcloud.com';
    emulator = await startWith({ tls: await issue(ca, { names }) });
    host = await emulator.enrol({ agentServerHost, ineligible: true });
    const proxy = await startConnectProxy({ to: emulator.port });
    const caPath = join(host.agentDir, 'test-ca.pem');
    writeFileSync(caPath, ca.cert);
    const { answer } = await runModule('jumpcloud_system', {
      agent_dir: host.agentDir,
      ca_path: caPath,
      proxy: proxy.url,
      ...options,
    });
    proxy.close();
    expect(answer).toMatchObject({ failed: true, error: { code: 'unauthorized' } });
    expect(REGION.test(answer.msg)).toBe(isPossible);
    expect(statuses()).toEqual(['GET 401']);
  });
});
