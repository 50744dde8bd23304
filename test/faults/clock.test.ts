import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import type { EnrolOptions } from '../emulator/enrol.ts';
import { issueServerCertificate, makeCa, makeKeyFiles } from '../emulator/keys.ts';
import type { StartEmulator } from '../harness/emulator-fixture.ts';
import { type Answer, type ModuleName, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { sampleRows } from '../harness/sample-size.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';

const MINUTE_S = 60;
const DAY_S = 86_400;
const YEAR_S = 365 * DAY_S;

let emulator: Emulator;
let host: EnrolledHost;
let startWith: StartEmulator;
test.beforeAll(({ startWith: shared }) => {
  startWith = shared;
});

/** Starts a server whose clock is `offset` seconds ahead of this host's, and enrols a host. */
async function startWithOffset(
  offset: number | (() => number),
  enrolment: EnrolOptions = {},
): Promise<void> {
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
  expect(await findLeakedSecrets(stdout, emulator.requests)).toEqual([]);
  return answer;
}

const apiOf = (answer: Answer) =>
  answer['api'] as { requests: number; retries: number; clock_offset: number | null };
const listStatuses = () => emulator.requests.map(({ method, status }) => `${method} ${status}`);

describe('a clock within the tolerance of JumpCloud', () => {
  test.each([31, -31, 200, -200])('a clock difference of %i s is not corrected', async (offset) => {
    await startWithOffset(offset);
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ changed: true, warnings: [] });
    expect(listStatuses()).toEqual(['GET 200', 'PUT 200']);
    expect(Math.abs(Number(apiOf(answer).clock_offset) - offset)).toBeLessThanOrEqual(1);
  });
});

const WRONG_CLOCKS = [
  ['10 minutes behind', 10 * MINUTE_S],
  ['10 minutes ahead', -10 * MINUTE_S],
  ['a day behind', DAY_S],
  ['a day ahead', -DAY_S],
  ['10 years behind', 10 * YEAR_S],
  ['10 years ahead', -10 * YEAR_S],
] as const;

describe.each(sampleRows(WRONG_CLOCKS))('a clock that is %s', (_, offset) => {
  const expectWarning = ({ warnings }: Answer) => {
    expect(warnings).toHaveLength(1);
    const [, seconds, direction] =
      /^This host's clock is (\d+) s (behind|ahead of) JumpCloud's; .*Set the clock/.exec(
        warnings[0] ?? '',
      ) ?? [];
    expect(direction).toBe(offset > 0 ? 'behind' : 'ahead of');
    expect(Math.abs(Number(seconds) - Math.abs(offset))).toBeLessThanOrEqual(2);
  };

  test('a wrong clock is corrected once, with one warning', async () => {
    await startWithOffset(offset);
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ changed: true });
    expect(listStatuses()).toEqual(['GET 401', 'GET 200', 'PUT 200']);
    expect(apiOf(answer)).toMatchObject({ requests: 3, retries: 0 });
    expect(Math.abs(Number(apiOf(answer).clock_offset) - offset)).toBeLessThanOrEqual(1);
    expectWarning(answer);
    expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({
      changed: false,
    });
  });

  test('each parallel read with a wrong clock succeeds after at most one 401', async () => {
    await startWithOffset(offset);
    const answer = await run('jumpcloud_system_info');
    expect(answer).toMatchObject({ changed: false, enrolled: true });
    expectWarning(answer);
    const paths = new Set(emulator.requests.map(({ url }) => url));
    for (const path of paths) {
      const sent = emulator.requests.filter(({ url }) => url === path).map(({ status }) => status);
      expect([[200], [401, 200]]).toContainEqual(sent);
    }
    expect(apiOf(answer).retries).toBe(0);
    const agent = answer['agent'] as { clock_offset: number };
    expect(Math.abs(agent.clock_offset - offset)).toBeLessThanOrEqual(1);
  });

  test('a removal succeeds on a host with a wrong clock', async () => {
    await startWithOffset(offset);
    const answer = await run('jumpcloud_removal', { purge_identity: true });
    expect(answer).toMatchObject({
      changed: true,
      removed: [{ type: 'system', id: host.systemId }],
    });
    expectWarning(answer);
    expect(emulator.store.systems.has(host.systemId)).toBe(false);
    // The last read gets 401 because the record is deleted, not because of the clock.
    expect(listStatuses()).toEqual(['GET 401', 'GET 200', 'DELETE 200', 'GET 401']);
  });
});

test('a run corrects its clock again when the server clock changes during the run', async () => {
  let offset = DAY_S;
  await startWithOffset(() => offset);
  emulator.onRequest.push(({ method, status }) => {
    if (method === 'GET' && status === 200) offset = 0;
  });
  const answer = await run('jumpcloud_system', { display_name: 'web-1' });
  expect(answer).toMatchObject({ changed: true });
  expect(listStatuses()).toEqual(['GET 401', 'GET 200', 'PUT 401', 'PUT 200']);
});

test('random Date headers cause at most one retry after a 401', async () => {
  await startWithOffset(0);
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
  expect(listStatuses()).toEqual(['GET 200', 'PUT 200']);
  emulator.clearRequests();
  emulator.store.removeSystem(host.systemId);
  expect(await run('jumpcloud_system', { display_name: 'web-1' })).toMatchObject({
    error: { code: 'unauthorized' },
  });
  expect(emulator.requests.length).toBeLessThanOrEqual(2);
});

describe('a 401 without a usable Date', () => {
  test.each([
    ['no Date', null],
    ['an empty Date', ''],
    ['a word as Date', 'yesterday'],
    ['a number as Date', '0'],
    ['the epoch as Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['a Date far ahead', 'Fri, 31 Dec 9999 23:59:59 GMT'],
    ['an impossible Date', 'Mon, 99 Foo 2026 77:77:77 GMT'],
  ])('a 401 with %s is not retried, and the message names the clock', async (_, date) => {
    await startWithOffset(0);
    emulator.faults.add({
      fault: { kind: 'date', date: () => date },
      times: Number.POSITIVE_INFINITY,
    });
    emulator.store.removeSystem(host.systemId);
    const answer = await run('jumpcloud_system', { display_name: 'web-1' });
    expect(answer).toMatchObject({ failed: true, changed: false, error: { code: 'unauthorized' } });
    expect(answer.msg).toMatch(/this host's clock is wrong/);
    expect(listStatuses()).toEqual(['GET 401']);
    expect(apiOf(answer)).toMatchObject({ requests: 1, retries: 0, clock_offset: null });
  });
});

describe('the Date of a 401 over https', () => {
  /** Starts a server whose certificate is valid from yesterday until ten days from now. */
  async function startSecure(offset: number): Promise<Record<string, unknown>> {
    const ca = await makeCa();
    const tls = await issueServerCertificate(ca, { days: 10, since: -1 });
    emulator = await startWith({ tls, clock: () => Date.now() + offset * 1000 });
    host = await emulator.enrol();
    const caPath = join(host.agentDir, 'test-ca.pem');
    writeFileSync(caPath, ca.cert);
    return { ca_path: caPath };
  }

  const changeDisplayName = async (options: Record<string, unknown>, isProxied: boolean) => {
    if (!isProxied) return run('jumpcloud_system', { ...options, display_name: 'web-1' });
    const proxy = await startConnectProxy();
    const given = { ...options, display_name: 'web-1', proxy: proxy.url };
    return run('jumpcloud_system', given).finally(proxy.close);
  };

  const validDates: [when: string, offset: number, isProxied: boolean][] = [
    ['ten minutes ahead', 10 * MINUTE_S, false],
    ['nine days ahead', 9 * DAY_S, false],
    ['nine days ahead (through a proxy)', 9 * DAY_S, true],
    ['ten hours behind', -10 * 60 * MINUTE_S, false],
  ];
  test.each(validDates)(
    "a Date %s lies within the certificate's validity and corrects the clock",
    async (_, offset, isProxied) => {
      const answer = await changeDisplayName(await startSecure(offset), isProxied);
      expect(answer, answer.msg).toMatchObject({ changed: true });
      expect(answer.warnings).toHaveLength(1);
      expect(listStatuses()).toEqual(['GET 401', 'GET 200', 'PUT 200']);
    },
  );

  const invalidDates: [when: string, offset: number, isProxied: boolean][] = [
    ['eleven days ahead', 11 * DAY_S, false],
    ['eleven days ahead (through a proxy)', 11 * DAY_S, true],
    ['years ahead', 4 * YEAR_S, false],
    ['two days behind', -2 * DAY_S, false],
  ];
  test.each(invalidDates)(
    "a Date %s lies outside the certificate's validity and is not used to sign",
    async (_, offset, isProxied) => {
      const answer = await changeDisplayName(await startSecure(offset), isProxied);
      expect(answer).toMatchObject({ changed: false, error: { code: 'unauthorized' } });
      expect(answer.msg).toMatch(/this host's clock is wrong/);
      expect(answer.warnings).toEqual([]);
      expect(listStatuses()).toEqual(['GET 401']);
      expect(apiOf(answer).clock_offset).toBeNull();
    },
  );

  test("a Date outside the certificate's validity is not used, even if the server closes the connection", async () => {
    const options = await startSecure(4 * YEAR_S);
    const headers = { connection: 'close', date: new Date(Date.now() + 4e11).toUTCString() };
    const text = '{"message":"Unauthorized"}';
    emulator.faults.add({ fault: { kind: 'status', status: 401, headers, text }, times: 9 });
    await run('jumpcloud_system', options);
    expect(listStatuses()).toEqual(['GET 401']);
  });
});

describe('the causes of a 401 with a correct clock', () => {
  const DELETED = /record of system \w+ was deleted in JumpCloud.*, register the agent again/;
  const ENROLMENT = /enrolled by MDM, Apple ADE or through the User Portal/;
  const KEY = /client\.key does not belong to this registration/;
  const REGION = /organisation is in another region than/;
  const CLOCK = /clock/;
  const ALL = [ENROLMENT, KEY, REGION, CLOCK];

  interface Situation {
    readonly what: string;
    readonly enrolment?: () => Promise<EnrolOptions>;
    readonly prepare?: () => void | Promise<void>;
    readonly possible: readonly RegExp[];
    readonly requests?: readonly string[];
  }
  const deleteRecord = () => emulator.store.removeSystem(host.systemId);
  const refuseWrite = () =>
    emulator.faults.add({
      fault: { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' },
      when: ({ method }) => method === 'PUT',
    });
  const situations: Situation[] = [
    { what: 'a deleted record', prepare: deleteRecord, possible: [DELETED, ENROLMENT, REGION] },
    {
      what: 'a key without a certificate to compare',
      prepare: () => rmSync(join(host.agentDir, 'client.crt')),
      enrolment: async () => ({ ineligible: true }),
      possible: [DELETED, ENROLMENT, KEY, REGION],
    },
    {
      what: 'a key and certificate of another registration',
      prepare: async () => {
        const { publicKey } = await makeKeyFiles();
        emulator.store.addSystem(emulator.store.record(host.systemId), publicKey);
      },
      possible: [/or belongs to another registration than client\.key/, ENROLMENT, REGION],
    },
    {
      what: 'an ineligible enrolment',
      enrolment: async () => ({ ineligible: true }),
      possible: [DELETED, ENROLMENT, REGION],
    },
    {
      what: 'a record deleted between read and write',
      prepare: () =>
        emulator.faults.add({
          fault: { kind: 'concurrent', when: 'before', change: deleteRecord },
          when: ({ method }) => method === 'PUT',
        }),
      possible: [DELETED],
      requests: ['GET 200', 'PUT 401'],
    },
    ...(['mdm', 'user'] as const).map((type) => ({
      what: `a record that names ${type} as provisioner`,
      enrolment: async () => ({
        record: { provisionMetadata: { provisioner: { type } } },
      }),
      prepare: refuseWrite,
      possible: [DELETED, type === 'mdm' ? /enrolled by MDM, and/ : /through the User Portal, and/],
      requests: ['GET 200', 'PUT 401'],
    })),
  ];
  test.each(situations.map((situation) => [situation.what, situation] as const))(
    'a 401 with %s is not retried, and the message names the possible causes',
    async (_, { enrolment, prepare, possible, requests }) => {
      const impossible = ALL.filter((cause) => !possible.includes(cause));
      await startWithOffset(0, await enrolment?.());
      await prepare?.();
      const answer = await run('jumpcloud_system', { display_name: 'web-1' });
      expect(answer).toMatchObject({
        failed: true,
        changed: false,
        error: { code: 'unauthorized' },
      });
      for (const cause of possible) expect(answer.msg).toMatch(cause);
      for (const cause of impossible) expect(answer.msg).not.toMatch(cause);
      expect(answer.error?.['causes']).toHaveLength(possible.length);
      expect(answer.warnings).toEqual([]);
      expect(listStatuses()).toEqual(requests ?? ['GET 401']);
      expect(apiOf(answer).retries).toBe(0);
    },
  );
});

describe('the region as cause of a 401', () => {
  const REGION =
    /organisation is in another region than https:\/\/console\.(eu\.)?jumpcloud\.com: set region/;

  test.each([
    ["the agent's region", 'does not name', 'agent.eu.jumpcloud.com', {}],
    [
      "the agent's region given as option",
      'does not name',
      'agent.eu.jumpcloud.com',
      { region: 'eu' },
    ],
    ['another region given as option', 'names', 'agent.jumpcloud.com', { region: 'eu' }],
    ['an unknown region of the agent', 'names', 'agent.example', {}],
  ])(
    'with %s, the message of a 401 %s the region as a cause',
    async (_, effect, agentServerHost, options) => {
      const ca = await makeCa();
      const names = 'DNS:console.jumpcloud.com,DNS:console.eu.jumpcloud.com';
      emulator = await startWith({ tls: await issueServerCertificate(ca, { names }) });
      host = await emulator.enrol({ agentServerHost, ineligible: true });
      const proxy = await startConnectProxy({ tunnelPort: emulator.port });
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
      expect(REGION.test(answer.msg)).toBe(effect === 'names');
      expect(listStatuses()).toEqual(['GET 401']);
    },
  );
});
