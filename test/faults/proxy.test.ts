import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../emulator/keys.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import {
  type Answer,
  HOST_MODULE_NAMES,
  type ModuleName,
  runModule,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { sampleCallsOf } from '../harness/sample-calls.ts';
import { sampleRows } from '../harness/sample-size.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';

const PASSWORD = 'geh eim@%ff/é';
const USER_INFO = `jane:${encodeURIComponent(PASSWORD)}`;
const BASIC_AUTHORIZATION = `Basic ${Buffer.from(`jane:${PASSWORD}`).toString('base64')}`;
const directory = mkdtempSync(join(tmpdir(), 'proxy-'));
const caPath = join(directory, 'ca.pem');
let emulator: Emulator;
let httpsEmulator: Emulator;
let host: EnrolledHost;
let httpsHost: EnrolledHost;
let openProxy: ConnectProxy;
let passwordProxy: ConnectProxy;
let httpsProxy: ConnectProxy;
let misdirectingProxy: ConnectProxy;

test.beforeAll(async ({ emulator: shared, startWith }) => {
  const ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  const [mine, others] = await Promise.all([
    issueServerCertificate(ca),
    issueServerCertificate(ca, { names: 'DNS:other.example' }),
  ]);
  emulator = shared;
  httpsEmulator = await startWith({ tls: mine });
  host = await emulator.enrol();
  httpsHost = await httpsEmulator.enrol();
  addSampleObjects(httpsEmulator.store, httpsHost.systemId);
  const other = await startWith({ tls: others });
  openProxy = await startConnectProxy();
  passwordProxy = await startConnectProxy({ credentials: `jane:${PASSWORD}` });
  httpsProxy = await startConnectProxy({ tls: mine });
  misdirectingProxy = await startConnectProxy({ tunnelPort: other.port });
});
afterAll(() => {
  for (const proxy of [openProxy, passwordProxy, httpsProxy, misdirectingProxy]) proxy.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  for (const { connects, answers } of [openProxy, passwordProxy, httpsProxy, misdirectingProxy]) {
    connects.splice(0);
    answers.splice(0);
  }
  emulator.clearRequests();
  httpsEmulator.clearRequests();
});

const addUserInfo = (url: string, user = USER_INFO) => url.replace('://', `://${user}@`);

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
  const requests = [...emulator.requests, ...httpsEmulator.requests];
  const encoded = encodeURIComponent(PASSWORD);
  expect(
    await findLeakedSecrets(stdout, requests, PASSWORD, encoded, BASIC_AUTHORIZATION.slice(6)),
  ).toEqual([]);
  return answer;
}

const httpsOptions = () => ({
  agent_dir: httpsHost.agentDir,
  api_url: httpsEmulator.url,
  ca_path: caPath,
});
const httpOptions = () => ({ agent_dir: host.agentDir, api_url: emulator.url });
const UNCHANGED_ANSWER = {
  changed: false,
  msg: 'Nothing to change.',
  api: { requests: 1, retries: 0 },
};

describe('the option proxy', () => {
  const rows: [what: string, proxy: () => ConnectProxy, url: () => string, given?: string][] = [
    ['an http proxy', () => openProxy, () => openProxy.url],
    [
      'a proxy with user and password',
      () => passwordProxy,
      () => addUserInfo(passwordProxy.url),
      BASIC_AUTHORIZATION,
    ],
    ['an https proxy', () => httpsProxy, () => httpsProxy.url],
    [
      'an https proxy given by name',
      () => httpsProxy,
      () => httpsProxy.url.replace('127.0.0.1', 'localhost'),
    ],
    [
      'a proxy that ignores the given password',
      () => openProxy,
      () => addUserInfo(openProxy.url, 'x:%FF%fe'),
      `Basic ${Buffer.from([0x78, 0x3a, 0xff, 0xfe]).toString('base64')}`,
    ],
  ];
  test.each(rows)('a request is tunnelled through %s', async (_, proxy, url, given) => {
    expect(await run('jumpcloud_system', { ...httpsOptions(), proxy: url() })).toMatchObject(
      UNCHANGED_ANSWER,
    );
    const target = `localhost:${httpsEmulator.port}`;
    const userAgent = expect.stringMatching(/^jumpcloud-system-context\/\S+ \(jumpcloud_system\)$/);
    expect(proxy().connects).toEqual([{ target, authorization: given, userAgent }]);
    expect(httpsEmulator.requests).toHaveLength(1);
    expect(httpsEmulator.requests[0]?.authorization).toMatch(/^Signature /);
  });

  test('parallel reads and a write are tunnelled through a proxy', async () => {
    const proxy = addUserInfo(passwordProxy.url);
    const info = await run('jumpcloud_system_info', { ...httpsOptions(), proxy });
    expect(info).toMatchObject({ enrolled: true, api: { requests: 7, retries: 0 } });
    const lastStart = Math.max(...httpsEmulator.requests.map(({ startedAt }) => startedAt));
    const firstEnd = Math.min(...httpsEmulator.requests.map(({ endedAt }) => endedAt));
    expect(httpsEmulator.requests).toHaveLength(7);
    expect(lastStart).toBeLessThanOrEqual(firstEnd + 1000);
    const written = await run('jumpcloud_system', {
      ...httpsOptions(),
      proxy,
      display_name: 'web-1',
    });
    expect(written).toMatchObject({ changed: true, api: { requests: 2, retries: 0 } });
  });
});

describe('the proxy variables of the environment', () => {
  const rows: [what: string, effect: 'uses' | 'bypasses', env: () => Record<string, string>][] = [
    ['HTTPS_PROXY', 'uses', () => ({ HTTPS_PROXY: openProxy.url })],
    ['https_proxy without a scheme', 'uses', () => ({ https_proxy: openProxy.url.slice(7) })],
    [
      'NO_PROXY with the host of api_url',
      'bypasses',
      () => ({ HTTPS_PROXY: openProxy.url, NO_PROXY: 'localhost' }),
    ],
    [
      'NO_PROXY with an asterisk',
      'bypasses',
      () => ({ HTTPS_PROXY: openProxy.url, no_proxy: '*' }),
    ],
    [
      'NO_PROXY with another host',
      'uses',
      () => ({ HTTPS_PROXY: openProxy.url, NO_PROXY: 'other.example' }),
    ],
    [
      'only HTTP_PROXY and ALL_PROXY',
      'bypasses',
      () => ({ HTTP_PROXY: openProxy.url, ALL_PROXY: openProxy.url }),
    ],
  ];
  test.each(rows)('if the environment has %s, a request %s the proxy', async (_, effect, env) => {
    expect(await run('jumpcloud_system', httpsOptions(), env())).toMatchObject(UNCHANGED_ANSWER);
    expect(openProxy.connects).toHaveLength(effect === 'uses' ? 1 : 0);
  });

  test('the option `proxy` takes precedence over HTTPS_PROXY and NO_PROXY', async () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' };
    expect(
      await run('jumpcloud_system', { ...httpsOptions(), proxy: openProxy.url }, env),
    ).toMatchObject(UNCHANGED_ANSWER);
    expect(openProxy.connects).toHaveLength(1);
  });
});

describe('a malformed proxy URL', () => {
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
  const sources: [
    source: string,
    call: (text: string) => [options: Record<string, unknown>, env?: Record<string, string>],
  ][] = [
    ['HTTPS_PROXY', (text) => [{}, { HTTPS_PROXY: text }]],
    ['https_proxy', (text) => [{}, { https_proxy: text }]],
    ['proxy', (text) => [{ proxy: text }]],
  ];
  const rows = sources.flatMap(([source, call]) =>
    MALFORMED.map((text) => [source, text, call] as const),
  );
  test.each(rows)(
    'the malformed URL in %s (%s) is refused before any request and not printed',
    async (source, text, call) => {
      const [options, env] = call(text);
      const result = await runModule(
        'jumpcloud_system',
        { ...httpsOptions(), timeout: 3, _ansible_verbosity: 4, ...options },
        env === undefined ? {} : { env },
      );
      expect(result.answer).toMatchObject({
        failed: true,
        error: { code: 'invalid_arguments', problems: [{ option: 'proxy' }] },
      });
      expect(result.answer.msg).toMatch(/expected an http or https URL such as /);
      if (source !== 'proxy')
        expect(result.answer.msg).toContain(`environment variable ${source} `);
      expect(result.stdout + result.stderr).not.toMatch(/jane|geheim/);
      expect(httpsEmulator.requests).toHaveLength(0);
    },
  );

  test('a URL without a scheme in the option `proxy` is refused and not printed', async () => {
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
      proxy: 'geheim:jane@127.0.0.1',
    });
    expect(answer.error?.code).toBe('invalid_arguments');
    expect(JSON.stringify(answer)).not.toMatch(/jane|geheim/);
  });
});

describe('an api_url of plain http', () => {
  test.each(sampleRows(HOST_MODULE_NAMES))(
    'with the option `proxy`, %s refuses a plain http api_url before it sends any request',
    async (module) => {
      const { good } = sampleCallsOf(module);
      const answer = await run(module, {
        ...httpOptions(),
        ...good,
        proxy: addUserInfo(openProxy.url),
      });
      expect(answer).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'invalid_arguments', problems: [{ option: 'proxy' }] },
      });
      expect(answer.msg).toMatch(
        /^proxy: cannot be used with a plain http api_url, because .* unencrypted; .*https/,
      );
      expect([openProxy.connects, emulator.requests]).toEqual([[], []]);
    },
  );

  test('a plain http api_url with the option `proxy` is reported together with other problems', async () => {
    const { error } = await run('jumpcloud_system', {
      ...httpOptions(),
      proxy: openProxy.url,
      purge_attributes: true,
    });
    const problems = error?.problems?.map(({ option }) => option).sort();
    expect(problems).toEqual(['proxy', 'purge_attributes']);
  });

  test('requests to a plain http api_url bypass the proxy of the environment', async () => {
    const env = { HTTPS_PROXY: addUserInfo(openProxy.url), https_proxy: openProxy.url };
    expect(await run('jumpcloud_system', httpOptions(), env)).toMatchObject(UNCHANGED_ANSWER);
    expect(openProxy.connects).toEqual([]);
  });
});

describe('a proxy that refuses CONNECT', () => {
  const rows: [status: number, reason: string, url: () => string, message: RegExp][] = [
    [
      407,
      'missing credentials',
      () => passwordProxy.url,
      /the proxy answered 407 .*Give the correct user and password of the proxy in the proxy option/,
    ],
    [
      407,
      'wrong credentials',
      () => addUserInfo(passwordProxy.url, 'jane:wrong'),
      /answered 407 .*Give the correct user and password/,
    ],
    [
      403,
      'Forbidden',
      () => openProxy.url,
      /the proxy answered 403 Forbidden\. Check the proxy option, and whether/,
    ],
    [404, 'Not Found', () => openProxy.url, /the proxy answered 404 Not Found/],
    [302, 'Found', () => openProxy.url, /the proxy answered 302 Found/],
  ];
  test.each(rows)(
    'a CONNECT refused with %i (%s) is not retried',
    async (status, _, url, message) => {
      if (status !== 407) openProxy.answers.push({ status });
      const answer = await run('jumpcloud_system', { ...httpsOptions(), proxy: url() });
      expect(answer).toMatchObject({
        failed: true,
        changed: false,
        error: { code: 'rejected', status },
        api: { requests: 1, retries: 0 },
      });
      expect(answer.msg).toMatch(message);
      expect(answer.msg).toMatch(/through the proxy http:\/\/127\.0\.0\.1:\d+/);
      expect(openProxy.connects.length + passwordProxy.connects.length).toBe(1);
      expect(httpsEmulator.requests).toHaveLength(0);
    },
  );
});

describe('a proxy that fails', () => {
  test('a run with timeouts of 9e15 s succeeds through a proxy', async () => {
    const unlimited = { timeout: 9e15, request_timeout: 9e15 };
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
      proxy: openProxy.url,
      ...unlimited,
    });
    expect(answer).toMatchObject(UNCHANGED_ANSWER);
  });

  test.each(sampleRows([408, 429, 500, 502, 503, 504, 520, 530, 599]))(
    'a CONNECT that is answered once with %i is retried, and the run succeeds',
    async (status) => {
      openProxy.answers.push({ status });
      const answer = await run('jumpcloud_system', {
        ...httpsOptions(),
        proxy: openProxy.url,
        timeout: 20,
      });
      expect(answer).toMatchObject({ changed: false, api: { requests: 2, retries: 1 } });
      expect(answer.failed).toBeUndefined();
    },
  );

  test('CONNECT is retried after the time in Retry-After', async () => {
    openProxy.answers.push({ status: 429, headers: 'retry-after: 2\r\n' });
    const start = performance.now();
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
      proxy: openProxy.url,
      timeout: 20,
    });
    expect(answer).toMatchObject({ changed: false, api: { requests: 2, retries: 1 } });
    expect(performance.now() - start).toBeGreaterThan(2000);
  });

  test('a CONNECT answer with a Retry-After beyond the timeout ends the run at once', async () => {
    openProxy.answers.push({ status: 503, headers: 'retry-after: 3600\r\n' });
    const answer = await run('jumpcloud_system', { ...httpsOptions(), proxy: openProxy.url });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'unavailable', attempts: 1, retry_after: 3600, reason: '503' },
    });
    expect(answer.msg).toMatch(
      /the proxy answered 503 Service Unavailable and asks to wait 3600 s/,
    );
  });

  test('a CONNECT answered with 201 opens a tunnel', async () => {
    openProxy.answers.push({ status: 201 });
    const answer = await run('jumpcloud_system', { ...httpsOptions(), proxy: openProxy.url });
    expect(answer).toMatchObject(UNCHANGED_ANSWER);
  });

  test('the message names a proxy that keeps answering 502', async () => {
    openProxy.answers.push(...Array(50).fill({ status: 502 }));
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
      proxy: openProxy.url,
      timeout: 2,
    });
    expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
    expect(answer.msg).toContain(
      `${httpsEmulator.url} (through the proxy ${openProxy.url}) gave no usable answer`,
    );
    expect(answer.msg).toMatch(/the proxy answered 502 Bad Gateway/);
    expect(openProxy.connects.length).toBeGreaterThan(1);
  });

  test('the message names a proxy that refuses connections', async () => {
    const dead = createServer().listen(0, '127.0.0.1');
    const port = await new Promise<number>((resolve) =>
      dead.on('listening', () => resolve(Object(dead.address()).port)),
    );
    await new Promise((resolve) => dead.close(resolve));
    const proxy = addUserInfo(`http://127.0.0.1:${port}`);
    const answer = await run('jumpcloud_system', { ...httpsOptions(), proxy, timeout: 1.5 });
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

  test('the message names a proxy that closes every connection', async () => {
    const closing = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => closing.on('listening', resolve));
    const proxy = `http://127.0.0.1:${Object(closing.address()).port}`;
    const times = { timeout: 2, request_timeout: 0.5 };
    const answer = await run('jumpcloud_system', { ...httpsOptions(), proxy, ...times });
    closing.close();
    expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable' } });
    expect(answer.msg).toContain(`through the proxy ${proxy}`);
  });

  test('a run through a silent proxy ends within its timeout', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.on('listening', resolve));
    const proxy = `http://127.0.0.1:${Object(silent.address()).port}`;
    const start = performance.now();
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
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

describe('certificates with a proxy', () => {
  test('a run through a proxy refuses a server certificate that does not cover the host name', async () => {
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
      proxy: misdirectingProxy.url,
    });
    expect(answer).toMatchObject({
      failed: true,
      error: { code: 'tls', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      api: { requests: 1, retries: 0 },
    });
    expect(misdirectingProxy.connects).toHaveLength(1);
  });

  test('a run through a proxy refuses a server certificate of an unknown CA', async () => {
    const answer = await run('jumpcloud_system', {
      ...httpsOptions(),
      ca_path: undefined,
      proxy: openProxy.url,
    });
    expect(answer).toMatchObject({ failed: true, error: { code: 'tls' }, api: { retries: 0 } });
    expect(answer.msg).toMatch(/could not prove that it is JumpCloud/);
  });

  const untrusted: [what: string, url: () => string, caPath: string | undefined, reason: RegExp][] =
    [
      ['an unknown CA', () => httpsProxy.url, undefined, /UNABLE_TO_/],
      ['no TLS', () => openProxy.url.replace('http:', 'https:'), caPath, /SSL|EPROTO/],
    ];
  test.each(untrusted)('an https proxy with %s is refused', async (_, url, ca, reason) => {
    const answer = await run('jumpcloud_system', { ...httpsOptions(), ca_path: ca, proxy: url() });
    expect(answer).toMatchObject({ failed: true, error: { code: 'tls' }, api: { requests: 1 } });
    expect(answer.msg).toMatch(
      /could not be reached, because the proxy could not prove its identity/,
    );
    expect(String(answer.error?.['reason'])).toMatch(reason);
    expect(httpsEmulator.requests).toHaveLength(0);
  });
});
