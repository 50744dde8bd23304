import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../../emulator/emulator.ts';
import {
  issueServerCertificate,
  makeCa,
  sharedKeyFiles,
  type TlsIdentity,
} from '../../emulator/keys.ts';
import { findClosedPort, openHangingPort } from '../../faults/bad-server.ts';
import { startConnectProxy } from '../../faults/connect-proxy.ts';
import { startNameServer } from '../../faults/name-server.ts';
import { makeResolverHost } from '../../faults/resolver-host.ts';
import { type CallOptions, type RunResult, runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { checkNamesWith, checksOf } from '../../resources/doctor/examination.ts';

const directory = mkdtempSync(join(tmpdir(), 'doctor-'));
const caPath = join(directory, 'ca.pem');
let tls: TlsIdentity;
let ca: TlsIdentity;
let emulator: Emulator;
let host: EnrolledHost;

test.beforeAll(async ({ startWith }) => {
  ca = await makeCa();
  writeFileSync(caPath, ca.cert);
  tls = await issueServerCertificate(ca);
  emulator = await startWith({ tls });
  host = await emulator.enrol();
});
afterAll(() => rmSync(directory, { recursive: true }));

const PASSWORD = 'gehe1m';

async function runDoctor(options: object, call: CallOptions = {}): Promise<RunResult> {
  const result = await runModule(
    'jumpcloud_doctor',
    { agent_dir: host.agentDir, ca_path: caPath, request_timeout: 5, ...options },
    call,
  );
  expect(result.stderr).toBe('');
  expect(result.stdout).not.toContain(PASSWORD);
  return result;
}

/** Expects one failed check, and dependent checks that are skipped. */
function expectFailure(
  { answer, exitCode }: RunResult,
  check: 'proxy' | 'name_resolution' | 'connection' | 'certificate',
  { code, detail, advice }: { code: string; detail: RegExp; advice: RegExp },
): void {
  expect([exitCode, answer.error?.code, ...checkNamesWith(answer, 'failed')]).toEqual([
    1,
    code,
    check,
  ]);
  const checks = checksOf(answer);
  expect(checks[check]).toMatchObject({
    detail: expect.stringMatching(detail),
    advice: expect.stringMatching(advice),
  });
  expect(checks.authorization.detail).toBe(`Not checked: it depends on ${check}.`);
}

const expectHealthy = ({ answer }: RunResult) =>
  expect([answer.msg, ...checkNamesWith(answer, 'failed')]).toEqual([answer.msg]);

test('the certificate check reports issuer, expiry and CA store', async () => {
  const result = await runDoctor({ api_url: emulator.url });
  expectHealthy(result);
  expect(checksOf(result.answer).certificate.detail).toMatch(
    /^Issued by CN=Emulator CA; valid until \d{4}-\d\d-\d\d; trusted by .*CA store.* or ca_path\.$/,
  );
  expect(emulator.requests.filter(({ systemId }) => systemId === host.systemId)).toHaveLength(8);
});

describe.concurrent('a server that cannot be reached', () => {
  test('a host name that does not exist fails the check name_resolution with advice about api_url', async () => {
    expectFailure(await runDoctor({ api_url: 'https://jumpcloud.invalid' }), 'name_resolution', {
      code: 'unavailable',
      detail: /^Could not look up jumpcloud\.invalid: /,
      advice: /^Correct the (host name in api_url|nameserver lines)/,
    });
  });

  test('a refused connection fails the connection check', async () => {
    const { url, close } = await findClosedPort();
    close();
    expectFailure(await runDoctor({ api_url: url.replace('http:', 'https:') }), 'connection', {
      code: 'unavailable',
      detail: /^Could not connect to https:\/\/127\.0\.0\.1:\d+: the connection was refused\.$/,
      advice: /^Correct host and port in api_url/,
    });
  });

  test('a connection attempt without an answer ends after request_timeout', async () => {
    const { url, close } = await openHangingPort();
    const start = performance.now();
    const result = await runDoctor({ api_url: url.replace('http:', 'https:'), request_timeout: 1 });
    close();
    expectFailure(result, 'connection', {
      code: 'unavailable',
      detail: /the connection timed out/,
      advice: /If a firewall blocks the connection, allow the connection in the firewall/,
    });
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('a server that closes each connection fails the connection check', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).destroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const result = await runDoctor({ api_url: `https://127.0.0.1:${port}` });
    server.close();
    expectFailure(result, 'connection', {
      code: 'unavailable',
      detail: /the connection was (closed at once|reset)/,
      advice: /^Correct host and port/,
    });
  });
});

describe.concurrent('a certificate that is not trusted', () => {
  const rows: [
    what: string,
    make: () => Promise<TlsIdentity | undefined>,
    options: object,
    detail: RegExp,
    advice: RegExp,
  ][] = [
    [
      'a certificate of an unknown CA',
      async () => tls,
      { ca_path: undefined },
      /verify/,
      /set ca_path to its CA/,
    ],
    [
      'an expired certificate',
      () => issueServerCertificate(ca, { days: -1 }),
      {},
      /expired/,
      /clock says .* set the clock/,
    ],
    [
      'a certificate that is not yet valid',
      () => issueServerCertificate(ca, { since: 1 }),
      {},
      /not yet valid/,
      /clock says/,
    ],
    [
      'a certificate for another name',
      () => issueServerCertificate(ca, { names: 'DNS:jumpcloud.example' }),
      {},
      /does not match/,
      /Check api_url, proxy and name resolution/,
    ],
    [
      'a self-signed certificate',
      async () => {
        const { pkcs8, certificate } = await sharedKeyFiles();
        return { key: pkcs8, cert: certificate };
      },
      {},
      /self.signed/,
      /set ca_path to its CA/,
    ],
    [
      'no TLS',
      async () => undefined,
      {},
      /does not speak TLS/,
      /^Check scheme and port in api_url/,
    ],
  ];
  test.for(rows)(
    'a server with %s fails the certificate check',
    async ([, make, options, detail, advice], { startWith }) => {
      const identity = await make();
      const server = await startWith(identity === undefined ? {} : { tls: identity });
      const api_url = server.url.replace('http:', 'https:');
      const result = await runDoctor({ api_url, ...options });
      expectFailure(result, 'certificate', { code: 'tls', detail, advice });
      expect(checksOf(result.answer).connection.status).toBe('ok');
      expect(server.requests).toEqual([]);
    },
  );

  test('the certificate check succeeds if ca_path contains the CA of the server, even if the host does not know this CA', async () => {
    expectHealthy(await runDoctor({ api_url: emulator.url, ca_path: caPath }));
  });
});

describe.concurrent('a proxy', () => {
  const proxyEnv = (HTTPS_PROXY: string, more = {}) => ({ env: { HTTPS_PROXY, ...more } });

  test('a malformed HTTPS_PROXY fails the proxy check, and the example in the advice is valid', async () => {
    const malformed = `http://user:${PASSWORD}#x@127.0.0.1:3128`;
    const result = await runDoctor({ api_url: emulator.url }, proxyEnv(malformed));
    expectFailure(result, 'proxy', {
      code: 'invalid_arguments',
      detail: /^The environment variable HTTPS_PROXY is not a proxy URL: /,
      advice: /^Correct the variable, for example HTTPS_PROXY=\S+, or add localhost to NO_PROXY\.$/,
    });
    const [, example = ''] = /HTTPS_PROXY=(\S+),/.exec(checksOf(result.answer).proxy.advice) ?? [];
    const corrected = checksOf(
      (await runDoctor({ api_url: emulator.url }, proxyEnv(example))).answer,
    );
    expect(corrected.proxy).toMatchObject({ status: 'ok' });
    const exemptRun = await runDoctor(
      { api_url: emulator.url },
      proxyEnv(malformed, { NO_PROXY: 'localhost' }),
    );
    expectHealthy(exemptRun);
    expect(checksOf(exemptRun.answer).proxy.detail).toBe(
      'HTTPS_PROXY is set, but NO_PROXY exempts localhost.',
    );
  });

  test('a malformed HTTPS_PROXY fails the proxy check even if api_url is plain http, which uses no proxy', async ({
    host: plain,
  }) => {
    const { answer } = await plain.run('jumpcloud_doctor', {}, proxyEnv('nonsense://'));
    expect(answer.error?.code).toBe('invalid_arguments');
    expect(checkNamesWith(answer, 'failed')).toEqual(['proxy']);
    expect(checkNamesWith(answer, 'skipped')).toEqual(['certificate']);
  });

  test('the advice for a proxy that requires a password names the setting that repairs the connection', async () => {
    const proxy = await startConnectProxy({ credentials: `jane:${PASSWORD}` });
    const result = await runDoctor({ api_url: emulator.url }, proxyEnv(proxy.url));
    expectFailure(result, 'connection', {
      code: 'rejected',
      detail: /\(through the proxy http:\/\/127\.0\.0\.1:\d+\).*407 Proxy Authentication Required/,
      advice: /user and password of the proxy in the proxy option or HTTPS_PROXY/,
    });
    const repaired = await runDoctor({
      api_url: emulator.url,
      proxy: proxy.url.replace('//', `//jane:${PASSWORD}@`),
    });
    proxy.close();
    expectHealthy(repaired);
    expect(checksOf(repaired.answer)).toMatchObject({
      proxy: { detail: `${proxy.url}, from the option proxy.` },
      connection: { detail: expect.stringContaining(`(through the proxy ${proxy.url})`) },
    });
  });

  const answers: [status: number, code: string, advice: RegExp][] = [
    [403, 'rejected', /whether the proxy allows this connection/],
    [
      502,
      'unavailable',
      /^Ask the operator of the proxy why it cannot reach localhost port \d+\.$/,
    ],
  ];
  test.for(answers)(
    'a proxy that answers %i fails the connection check',
    async ([status, code, advice]) => {
      const proxy = await startConnectProxy();
      proxy.answers.push({ status });
      const result = await runDoctor({ api_url: emulator.url, proxy: proxy.url });
      proxy.close();
      expectFailure(result, 'connection', {
        code,
        detail: new RegExp(`the proxy answered ${status}`),
        advice,
      });
    },
  );

  test('the advice for a proxy that refuses connections names the variable HTTPS_PROXY', async () => {
    const { url, close } = await findClosedPort();
    close();
    expectFailure(await runDoctor({ api_url: emulator.url }, proxyEnv(url)), 'connection', {
      code: 'unavailable',
      detail: /at the proxy: the connection was refused/,
      advice: /^Correct host and port in HTTPS_PROXY/,
    });
  });

  test('a proxy with an untrusted certificate fails the certificate check', async () => {
    const proxy = await startConnectProxy({ tls });
    const options = { api_url: emulator.url, ca_path: undefined, proxy: proxy.url };
    const result = await runDoctor(options);
    expectFailure(result, 'certificate', {
      code: 'tls',
      detail: /because the proxy could not prove its identity/,
      advice: /set ca_path to its CA/,
    });
    expectHealthy(await runDoctor({ ...options, ca_path: caPath }));
    proxy.close();
  });
});

test('the name_resolution check fails within ten seconds if the name server is silent; it succeeds if the server answers', async ({
  onTestFinished,
  skip,
}) => {
  const machines = ['127.53.18.1', '127.53.18.2'].map((address) =>
    makeResolverHost(`nameserver ${address}\n`),
  );
  const [broken, repaired] = machines;
  if (broken === undefined || repaired === undefined) return skip();
  const silentServer = await startNameServer('127.53.18.1');
  const workingServer = await startNameServer('127.53.18.2', {
    'console.jumpcloud.com': '127.0.0.1',
  });
  onTestFinished(() => {
    silentServer.close();
    workingServer.close();
  });
  const options = { agent_dir: host.agentDir, timeout: 20 };
  const { answer, seconds } = await broken.run('jumpcloud_doctor', options);
  expect(answer.error?.code).toBe('unavailable');
  expect(checksOf(answer).name_resolution).toMatchObject({
    status: 'failed',
    detail: 'Could not look up console.jumpcloud.com: the name server did not answer.',
    advice: expect.stringContaining('getent hosts console.jumpcloud.com'),
  });
  expect(seconds).toBeLessThan(10);
  const after = await repaired.run('jumpcloud_doctor', options);
  expect(checksOf(after.answer).name_resolution).toMatchObject({
    status: 'ok',
    detail: 'console.jumpcloud.com has the address 127.0.0.1.',
  });
  for (const machine of machines) machine?.remove();
});
