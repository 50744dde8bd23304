import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { enrolForCalls } from '../emulator/furnish.ts';
import { issue, makeCa } from '../emulator/keys.ts';
import { type Answer, HOST_MODULES, type ModuleName, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { sampleCallsOf } from '../harness/furniture.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';
import { leaks } from './leaks.ts';

const PASSWORD = 'geh eim@%ff/é';
const USER_INFO = `jane:${encodeURIComponent(PASSWORD)}`;
const BASIC = `Basic ${Buffer.from(`jane:${PASSWORD}`).toString('base64')}`;
const directory = mkdtempSync(join(tmpdir(), 'proxy-'));
const caPath = join(directory, 'ca.pem');
let emulator: Emulator;
let secure: Emulator;
let host: EnrolledHost;
let secureHost: EnrolledHost;
let open: ConnectProxy;
let guarded: ConnectProxy;
let https: ConnectProxy;
let astray: ConnectProxy;

test.beforeAll(async ({ emulator: shared, startWith }) => {
  const ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  const [mine, others] = await Promise.all([issue(ca), issue(ca, { names: 'DNS:other.example' })]);
  emulator = shared;
  secure = await startWith({ tls: mine });
  host = await emulator.enrol();
  secureHost = await secure.enrol();
  enrolForCalls(secure.store, secureHost.systemId);
  const other = await startWith({ tls: others });
  open = await startConnectProxy();
  guarded = await startConnectProxy({ credentials: `jane:${PASSWORD}` });
  https = await startConnectProxy({ tls: mine });
  astray = await startConnectProxy({ to: other.port });
});
afterAll(() => {
  for (const proxy of [open, guarded, https, astray]) proxy.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  for (const { asked, answers } of [open, guarded, https, astray]) {
    asked.splice(0);
    answers.splice(0);
  }
  emulator.clearRequests();
  secure.clearRequests();
});

const withUser = (url: string, user = USER_INFO) => url.replace('://', `://${user}@`);

async function run(
  module: ModuleName,
  options: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<Answer> {
  const { answer, stdout, stderr } = await runModule(
    module,
    { timeout: 3, _ansible_verbosity: 3, ...options },
    { env },
  );
  expect(stderr).toBe('');
  const requests = [...emulator.requests, ...secure.requests];
  const encoded = encodeURIComponent(PASSWORD);
  expect(await leaks(stdout, requests, PASSWORD, encoded, BASIC.slice(6))).toEqual([]);
  return answer;
}

/** To the emulator over https unless said otherwise. */
const overTls = () => ({ agent_dir: secureHost.agentDir, api_url: secure.url, ca_path: caPath });
const plain = () => ({ agent_dir: host.agentDir, api_url: emulator.url });
const READ = { changed: false, msg: 'Nothing to change.', api: { requests: 1, retries: 0 } };

describe('a proxy on the way', () => {
  const rows: [what: string, proxy: () => ConnectProxy, url: () => string, given?: string][] = [
    ['of http', () => open, () => open.url],
    ['with user and password', () => guarded, () => withUser(guarded.url), BASIC],
    ['of https', () => https, () => https.url],
    ['of https, by name', () => https, () => https.url.replace('127.0.0.1', 'localhost')],
    [
      'that needs no password but gets one',
      () => open,
      () => withUser(open.url, 'x:%FF%fe'),
      `Basic ${Buffer.from([0x78, 0x3a, 0xff, 0xfe]).toString('base64')}`,
    ],
  ];
  test.each(rows)('%s', async (_, proxy, url, given) => {
    expect(await run('jumpcloud_system', { ...overTls(), proxy: url() })).toMatchObject(READ);
    const target = `localhost:${secure.port}`;
    const userAgent = expect.stringMatching(/^jumpcloud-system-context\/\S+ \(jumpcloud_system\)$/);
    expect(proxy().asked).toEqual([{ target, authorization: given, userAgent }]);
    expect(secure.requests).toHaveLength(1);
    expect(secure.requests[0]?.authorization).toMatch(/^Signature /);
  });

  test('serves reads at the same time, and writes', async () => {
    const proxy = withUser(guarded.url);
    const info = await run('jumpcloud_system_info', { ...overTls(), proxy });
    expect(info).toMatchObject({ enrolled: true, api: { requests: 7, retries: 0 } });
    const from = Math.max(...secure.requests.map(({ startedAt }) => startedAt));
    const to = Math.min(...secure.requests.map(({ endedAt }) => endedAt));
    expect(secure.requests).toHaveLength(7);
    expect(from).toBeLessThanOrEqual(to + 1000);
    const written = await run('jumpcloud_system', { ...overTls(), proxy, display_name: 'web-1' });
    expect(written).toMatchObject({ changed: true, api: { requests: 2, retries: 0 } });
  });
});

describe('the environment', () => {
  const rows: [what: string, env: () => Record<string, string>, used: boolean][] = [
    ['HTTPS_PROXY', () => ({ HTTPS_PROXY: open.url }), true],
    ['https_proxy without scheme', () => ({ https_proxy: open.url.slice(7) }), true],
    ['NO_PROXY of this host', () => ({ HTTPS_PROXY: open.url, NO_PROXY: 'localhost' }), false],
    ['NO_PROXY of all', () => ({ HTTPS_PROXY: open.url, no_proxy: '*' }), false],
    ['NO_PROXY of another', () => ({ HTTPS_PROXY: open.url, NO_PROXY: 'other.example' }), true],
    ['HTTP_PROXY alone', () => ({ HTTP_PROXY: open.url, ALL_PROXY: open.url }), false],
  ];
  test.each(rows)('%s', async (_, env, used) => {
    expect(await run('jumpcloud_system', overTls(), env())).toMatchObject(READ);
    expect(open.asked).toHaveLength(used ? 1 : 0);
  });

  test('gives way to the option', async () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' };
    expect(await run('jumpcloud_system', { ...overTls(), proxy: open.url }, env)).toMatchObject(
      READ,
    );
    expect(open.asked).toHaveLength(1);
  });
});

describe('a malformed proxy is refused before any request, and nothing of it is printed:', () => {
  const MALFORMED = [
    'http://jane:123#geheim@127.0.0.1:3128',
    'http://jane:123?geheim@127.0.0.1:3128',
    'http://jane:123/geheim@127.0.0.1:3128',
    'http://jane:123\\geheim@127.0.0.1:3128',
    'http://jane:geheim#@127.0.0.1:3128',
    'http://jane:geheim@127.0.0.1:3128/path',
    'http://jane:geheim@127.0.0.1:99999',
    'http://jane:geheim@',
    'http://jane:geheim@127.0.0.1:port',
    'socks5://jane:geheim@127.0.0.1:1080',
    'jane://geheim@127.0.0.1:1080',
    'http//jane:geheim@127.0.0.1:3128',
    '"http://jane:geheim@127.0.0.1:3128"',
    "'jane:123#geheim@127.0.0.1:3128'",
    'jane:123#geheim@127.0.0.1:3128',
  ];
  const ways: [
    way: string,
    call: (text: string) => [options: Record<string, unknown>, env?: Record<string, string>],
  ][] = [
    ['HTTPS_PROXY', (text) => [{}, { HTTPS_PROXY: text }]],
    ['https_proxy', (text) => [{}, { https_proxy: text }]],
    ['proxy', (text) => [{ proxy: text }]],
  ];
  const rows = ways.flatMap(([way, call]) => MALFORMED.map((text) => [way, text, call] as const));
  test.each(rows)('%s %s', async (way, text, call) => {
    const [options, env] = call(text);
    const ran = await runModule(
      'jumpcloud_system',
      { ...overTls(), timeout: 3, _ansible_verbosity: 4, ...options },
      env === undefined ? {} : { env },
    );
    expect(ran.answer).toMatchObject({
      failed: true,
      error: { code: 'invalid_arguments', problems: [{ option: 'proxy' }] },
    });
    expect(ran.answer.msg).toMatch(/expected an http or https URL such as /);
    if (way !== 'proxy') expect(ran.answer.msg).toContain(`environment variable ${way} `);
    expect(ran.stdout + ran.stderr).not.toMatch(/jane|geheim/);
    expect(secure.requests).toHaveLength(0);
  });

  test('the option without a scheme', async () => {
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: 'geheim:jane@127.0.0.1' });
    expect(answer.error?.code).toBe('invalid_arguments');
    expect(JSON.stringify(answer)).not.toMatch(/jane|geheim/);
  });
});

describe('an API of plain http, whose requests everybody on the way could read', () => {
  test.each(HOST_MODULES)(
    'is refused beside a proxy, before any request, by %s',
    async (module) => {
      const { good } = sampleCallsOf(module);
      const answer = await run(module, { ...plain(), ...good, proxy: withUser(open.url) });
      expect(answer).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'invalid_arguments', problems: [{ option: 'proxy' }] },
      });
      expect(answer.msg).toMatch(
        /^proxy: cannot be used with an api_url of plain http, because .* in clear; .*https/,
      );
      expect([open.asked, emulator.requests]).toEqual([[], []]);
    },
  );

  test('is refused together with what else is wrong', async () => {
    const { error } = await run('jumpcloud_system', {
      ...plain(),
      proxy: open.url,
      purge_attributes: true,
    });
    const problems = error?.problems?.map(({ option }) => option).sort();
    expect(problems).toEqual(['proxy', 'purge_attributes']);
  });

  test('goes past the proxy of the environment', async () => {
    const env = { HTTPS_PROXY: withUser(open.url), https_proxy: open.url };
    expect(await run('jumpcloud_system', plain(), env)).toMatchObject(READ);
    expect(open.asked).toEqual([]);
  });
});

describe('a proxy that refuses', () => {
  const rows: [status: number, url: () => string, message: RegExp][] = [
    [
      407,
      () => guarded.url,
      /the proxy answered 407 .*Give it user and password in the proxy option or HTTPS_PROXY/,
    ],
    [407, () => withUser(guarded.url, 'jane:wrong'), /answered 407 .*, or correct them/],
    [403, () => open.url, /the proxy answered 403 Forbidden\. Check the proxy option and what/],
    [404, () => open.url, /the proxy answered 404 Not Found/],
    [302, () => open.url, /the proxy answered 302 Found/],
  ];
  test.each(rows)('with %i is asked once', async (status, url, message) => {
    if (status !== 407) open.answers.push({ status });
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: url() });
    expect(answer).toMatchObject({
      failed: true,
      changed: false,
      error: { code: 'rejected', status },
      api: { requests: 1, retries: 0 },
    });
    expect(answer.msg).toMatch(message);
    expect(answer.msg).toMatch(/through the proxy http:\/\/127\.0\.0\.1:\d+/);
    expect(open.asked.length + guarded.asked.length).toBe(1);
    expect(secure.requests).toHaveLength(0);
  });
});

describe('a proxy in trouble', () => {
  test('is no trouble for a run that may take for ever', async () => {
    const forEver = { timeout: 9e15, request_timeout: 9e15 };
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: open.url, ...forEver });
    expect(answer).toMatchObject(READ);
  });

  test.each([408, 429, 500, 502, 503, 504, 520, 530, 599])(
    'that answers CONNECT with %i once is asked again',
    async (status) => {
      open.answers.push({ status });
      const answer = await run('jumpcloud_system', { ...overTls(), proxy: open.url, timeout: 20 });
      expect(answer).toMatchObject({ changed: false, api: { requests: 2, retries: 1 } });
      expect(answer.failed).toBeUndefined();
    },
  );

  test('that answers CONNECT with Retry-After is asked again after that time', async () => {
    open.answers.push({ status: 429, headers: 'retry-after: 2\r\n' });
    const start = performance.now();
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: open.url, timeout: 20 });
    expect(answer).toMatchObject({ changed: false, api: { requests: 2, retries: 1 } });
    expect(performance.now() - start).toBeGreaterThan(2000);
  });

  test('that answers CONNECT with a Retry-After beyond the budget ends the run at once', async () => {
    open.answers.push({ status: 503, headers: 'retry-after: 3600\r\n' });
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: open.url });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'unavailable', attempts: 1, retry_after: 3600, reason: '503' },
    });
    expect(answer.msg).toMatch(
      /the proxy answered 503 Service Unavailable and asks to wait 3600 s/,
    );
  });

  test('that answers CONNECT with another 2xx than 200 has connected', async () => {
    open.answers.push({ status: 201 });
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: open.url });
    expect(answer).toMatchObject(READ);
  });

  test('that stays is named', async () => {
    open.answers.push(...Array(50).fill({ status: 502 }));
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: open.url, timeout: 2 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
    expect(answer.msg).toContain(
      `${secure.url} (through the proxy ${open.url}) could not be reached`,
    );
    expect(answer.msg).toMatch(/the proxy answered 502 Bad Gateway/);
    expect(open.asked.length).toBeGreaterThan(1);
  });

  test('that is dead is named', async () => {
    const dead = createServer().listen(0, '127.0.0.1');
    const port = await new Promise<number>((resolve) =>
      dead.on('listening', () => resolve(Object(dead.address()).port)),
    );
    await new Promise((resolve) => dead.close(resolve));
    const proxy = withUser(`http://127.0.0.1:${port}`);
    const answer = await run('jumpcloud_system', { ...overTls(), proxy, timeout: 1.5 });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'unavailable', reason: 'ECONNREFUSED' },
    });
    expect(answer.msg).toMatch(
      new RegExp(
        `through the proxy http://127\\.0\\.0\\.1:${port}\\) .*: at the proxy: the connection was refused`,
      ),
    );
  });

  test('that closes every connection at once is outlasted, and told of', async () => {
    const closing = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => closing.on('listening', resolve));
    const proxy = `http://127.0.0.1:${Object(closing.address()).port}`;
    const times = { timeout: 2, request_timeout: 0.5 };
    const answer = await run('jumpcloud_system', { ...overTls(), proxy, ...times });
    closing.close();
    expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
    expect(answer.msg).toContain(`through the proxy ${proxy}`);
  });

  test('that never answers is given up in time', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.on('listening', resolve));
    const proxy = `http://127.0.0.1:${Object(silent.address()).port}`;
    const start = performance.now();
    const answer = await run('jumpcloud_system', {
      ...overTls(),
      proxy,
      timeout: 2,
      request_timeout: 0.7,
    });
    silent.close();
    expect(performance.now() - start).toBeLessThan(4000);
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'unavailable', reason: 'timeout' },
    });
    expect(answer.msg).toContain(`through the proxy ${proxy}`);
  });
});

describe('certificates', () => {
  test("the target's name is verified through the proxy, at once", async () => {
    const answer = await run('jumpcloud_system', { ...overTls(), proxy: astray.url });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'tls', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      api: { requests: 1, retries: 0 },
    });
    expect(astray.asked).toHaveLength(1);
  });

  test("so is the target's CA", async () => {
    const answer = await run('jumpcloud_system', {
      ...overTls(),
      ca_path: undefined,
      proxy: open.url,
    });
    expect(answer).toMatchObject({ failed: true, error: { code: 'tls' }, api: { retries: 0 } });
    expect(answer.msg).toMatch(/could not prove that it is JumpCloud/);
  });

  const doubtful: [what: string, url: () => string, caPath: string | undefined, reason: RegExp][] =
    [
      ["the proxy's CA", () => https.url, undefined, /UNABLE_TO_/],
      ['a proxy without TLS', () => open.url.replace('http:', 'https:'), caPath, /SSL|EPROTO/],
    ];
  test.each(doubtful)('%s is verified', async (_, url, ca, reason) => {
    const answer = await run('jumpcloud_system', { ...overTls(), ca_path: ca, proxy: url() });
    expect(answer).toMatchObject({ failed: true, error: { code: 'tls' }, api: { requests: 1 } });
    expect(answer.msg).toMatch(/on the way to .* the proxy could not prove who it is/);
    expect(String(answer.error?.['reason'])).toMatch(reason);
    expect(secure.requests).toHaveLength(0);
  });
});
