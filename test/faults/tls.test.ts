import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import {
  issueServerCertificate,
  makeCa,
  sharedKeyFiles,
  type TlsIdentity,
} from '../emulator/keys.ts';
import { type RunResult, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { type CountingRelay, startRelay } from './counting-relay.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';

type ServerName = 'good' | 'expired' | 'notYetValid' | 'otherName' | 'selfSigned' | 'plain';

const directory = mkdtempSync(join(tmpdir(), 'tls-'));
const servers = new Map<
  ServerName,
  { emulator: Emulator; relay: CountingRelay; host: EnrolledHost }
>();
let caPath: string;
let otherCaPath: string;
let bundlePath: string;
let identity: TlsIdentity;

test.beforeAll(async ({ startWith }) => {
  const [ca, otherCa, thirdCa] = await Promise.all([makeCa(), makeCa(), makeCa()]);
  const pem = (name: string, ...certificates: string[]) => {
    const path = join(directory, name);
    writeFileSync(path, certificates.join('\n'));
    return path;
  };
  caPath = pem('ca.pem', ca.cert);
  otherCaPath = pem('other.pem', otherCa.cert);
  bundlePath = pem('bundle.pem', `# roots of ours\n${otherCa.cert}`, thirdCa.cert, ca.cert);
  const [good, expired, notYetValid, otherName] = await Promise.all([
    issueServerCertificate(ca),
    issueServerCertificate(ca, { days: -1 }),
    issueServerCertificate(ca, { since: 1 }),
    issueServerCertificate(ca, { names: 'DNS:jumpcloud.example' }),
  ]);
  identity = good;
  const { pkcs8, certificate } = await sharedKeyFiles();
  const selfSigned = { key: pkcs8, cert: certificate };
  const identities = { good, expired, notYetValid, otherName, selfSigned, plain: undefined };
  for (const [name, tls] of Object.entries(identities)) {
    const emulator = await startWith(tls === undefined ? {} : { tls });
    const relay = await startRelay(emulator.port);
    servers.set(name as ServerName, { emulator, relay, host: await emulator.enrol() });
  }
});
afterAll(() => {
  for (const { relay } of servers.values()) relay.close();
  rmSync(directory, { recursive: true });
});

const serverNamed = (name: ServerName) => servers.get(name) ?? expect.unreachable(name);

/** Runs a read-only call through the relay that counts connections. */
async function run(
  name: ServerName,
  options: Record<string, unknown> = {},
  { env = {}, scheme = 'https' }: { env?: Record<string, string>; scheme?: string } = {},
): Promise<RunResult & { connections: number }> {
  const { emulator, relay, host } = serverNamed(name);
  relay.connectionCount = 0;
  const result = await runModule(
    'jumpcloud_system',
    {
      agent_dir: host.agentDir,
      api_url: `${scheme}://localhost:${relay.port}`,
      timeout: 4,
      display_name: 'ip-10-0-0-7',
      _ansible_verbosity: 3,
      ...options,
    },
    { env },
  );
  expect(result.stderr).toBe('');
  expect(await findLeakedSecrets(result.stdout, emulator.requests)).toEqual([]);
  return { ...result, connections: relay.connectionCount };
}

function expectTlsFailure(
  result: RunResult & { connections: number },
  name: ServerName,
  message: RegExp,
): void {
  expect(result.answer).toMatchObject({ changed: false, failed: true, error: { code: 'tls' } });
  expect(result.answer.msg).toMatch(message);
  expect(result.answer['api']).toMatchObject({ requests: 1, retries: 0 });
  expect(result.connections).toBe(1);
  expect(serverNamed(name).emulator.requests).toHaveLength(0);
}

const UNTRUSTED_MESSAGE =
  /could not prove that it is JumpCloud: .*\((UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\)\. .*set ca_path to its CA/;

describe('a server that is not trusted', () => {
  const rows: [what: string, server: ServerName, options: () => object, message: RegExp][] = [
    ['an unknown CA', 'good', () => ({}), UNTRUSTED_MESSAGE],
    [
      'an unknown CA and another ca_path',
      'good',
      () => ({ ca_path: otherCaPath }),
      UNTRUSTED_MESSAGE,
    ],
    ['a self-signed certificate', 'selfSigned', () => ({}), UNTRUSTED_MESSAGE],
    [
      'an expired certificate',
      'expired',
      () => ({ ca_path: caPath }),
      /certificate has expired \(CERT_HAS_EXPIRED\)\. This host's clock says 20\d\d-/,
    ],
    [
      'a certificate that is not yet valid',
      'notYetValid',
      () => ({ ca_path: caPath }),
      /certificate is not yet valid \(CERT_NOT_YET_VALID\)\. This host's clock says 20\d\d-/,
    ],
    [
      'a certificate of another host',
      'otherName',
      () => ({ ca_path: caPath }),
      /DNS:jumpcloud\.example \(ERR_TLS_CERT_ALTNAME_INVALID\)\. Another server answers/,
    ],
    [
      'no TLS',
      'plain',
      () => ({}),
      /does not speak TLS .*\. Check scheme and port in api_url and proxy/,
    ],
  ];
  test.each(rows)('a server with %s is refused at once', async (_, server, options, message) => {
    expectTlsFailure(await run(server, { ...options() }), server, message);
  });

  test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not disable certificate verification', async () => {
    const result = await run('good', {}, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expectTlsFailure(result, 'good', UNTRUSTED_MESSAGE);
  });

  test('parallel reads from an untrusted server fail with one TLS error', async () => {
    const { emulator, relay, host } = serverNamed('good');
    const { answer } = await runModule('jumpcloud_system_info', {
      agent_dir: host.agentDir,
      api_url: `https://localhost:${relay.port}`,
      _ansible_verbosity: 2,
    });
    expect(answer).toMatchObject({ failed: true, error: { code: 'tls' }, api: { retries: 0 } });
    expect(emulator.requests).toHaveLength(0);
  });

  test('plain HTTP to a TLS server fails within the timeout, and the message names the URL', async () => {
    const result = await run('good', { timeout: 1 }, { scheme: 'http' });
    expect(result.answer).toMatchObject({ changed: false, failed: true });
    expect(result.answer.error?.code).toMatch(/^(unavailable|unexpected_response)$/);
    expect(result.answer.msg).toContain(`http://localhost:${serverNamed('good').relay.port}`);
    expect(serverNamed('good').emulator.requests).toHaveLength(0);
  });
});

describe('a server that aborts the handshake', () => {
  /**
   * Returns a function that creates a server. The server answers the first bytes of a handshake
   * with an alert.
   */
  const serveAlert = (alert: number) => () =>
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
    });
  const serveTls = (options: TlsOptions) => () =>
    createTlsServer({ ...identity, ...options }).on('tlsClientError', () => {});
  const mutual = { requestCert: true, rejectUnauthorized: true };
  const rows: [what: string, server: () => NetServer, message: RegExp][] = [
    [
      'requires a client certificate with TLS 1.3',
      serveTls({ ...mutual, minVersion: 'TLSv1.3' }),
      /it requires a client certificate \(.*CERTIFICATE_REQUIRED\)\. This error does not come from JumpCloud, which requires no client certificate/,
    ],
    [
      'requires a client certificate with TLS 1.2',
      serveTls({ ...mutual, maxVersion: 'TLSv1.2' }),
      /it shares no cipher .* or requires a client certificate \(.*HANDSHAKE_FAILURE\)\./,
    ],
    [
      'supports only old versions of TLS',
      serveTls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
      /it supports no TLS version that Node\.js offers \(.*PROTOCOL_VERSION\)\. .* old gateway/,
    ],
    [
      'does not know the name',
      serveAlert(112),
      /it does not know the host name \(.*UNRECOGNIZED_NAME\)\./,
    ],
    [
      'reports an internal error',
      serveAlert(80),
      /it ended the handshake with "internal error" \(.*\)\. Ask/,
    ],
    ['denies access', serveAlert(49), /it ended the handshake with "access denied" \(/],
  ];
  test.each(rows)(
    'a run fails at once and names the reason if the server %s',
    async (_, start, message) => {
      const server = start();
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const { answer } = await runModule('jumpcloud_system', {
        agent_dir: serverNamed('good').host.agentDir,
        api_url: `https://localhost:${port}`,
        ca_path: caPath,
        timeout: 4,
        _ansible_verbosity: 2,
      });
      server.close();
      expect(answer).toMatchObject({ failed: true, error: { code: 'tls' }, api: { requests: 1 } });
      expect(answer.msg).toMatch(
        /^Could not read .*: https:\/\/localhost:\d+ refused to connect: /,
      );
      expect(answer.msg).toMatch(message);
      expect(answer.msg).not.toMatch(/without TLS|could not prove/);
    },
  );
});

describe('a certificate bundle in ca_path', () => {
  const damages: [how: string, damage: (pem: string) => string][] = [
    ['cut off', (pem) => pem.slice(0, 400)],
    ['missing a line', (pem) => pem.split('\n').toSpliced(5, 1).join('\n')],
    ['damaged by an invalid character', (pem) => pem.replace(/(?<=\n.{10})./, '!')],
    ['closed by a wrong end line', (pem) => pem.replace('END CERTIFICATE', 'END CERT')],
    ['empty', () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ];
  test.each(damages)(
    'a CA bundle is refused if its second certificate is %s',
    async (_, damage) => {
      const [first = '', second = '', thirdCa = ''] = readFileSync(bundlePath, 'utf8')
        .split(/(?=-----BEGIN)/g)
        .slice(1);
      const path = join(directory, 'damaged.pem');
      writeFileSync(path, [first, damage(second), thirdCa].join('\n'));
      const { answer, connections } = await run('good', { ca_path: path });
      expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
      const line = first.split('\n').length + 1;
      expect(answer.msg).toBe(
        `ca_path: ${path}: certificate 2 of 3, which begins in line ${line}, cannot be read; correct it or remove it`,
      );
      expect(connections).toBe(0);
    },
  );

  test('a CA bundle with comments, other PEM blocks and Windows line ends is accepted', async () => {
    const path = join(directory, 'mixed.pem');
    const bundle = readFileSync(bundlePath, 'utf8');
    const { pkcs8 } = await sharedKeyFiles();
    writeFileSync(path, `a comment\n${pkcs8}${bundle}`.replaceAll('\n', '\r\n'));
    const { answer } = await run('good', { ca_path: path });
    expect(answer.failed, answer.msg).toBeUndefined();
    serverNamed('good').emulator.clearRequests();
  });
});

describe('a certificate bundle in an unusual format', () => {
  const formats: [how: string, format: (pem: string) => string][] = [
    ['spaces before -----BEGIN', (pem) => pem.replaceAll('-----BEGIN', '  -----BEGIN')],
    ['text before -----BEGIN', (pem) => pem.replaceAll('-----BEGIN', 'our CA: -----BEGIN')],
    ['text after -----END', (pem) => pem.replaceAll(/(END.*-----)/g, '$1 # ours')],
    ['every line indented', (pem) => pem.replaceAll(/^/gm, '    \t')],
    ['spaces at the ends of lines', (pem) => pem.replaceAll('\n', ' \t\n')],
    ['no line break between certificates', (pem) => pem.replaceAll('-----\n-----', '----------')],
    ['Windows line ends', (pem) => pem.replaceAll('\n', '\r\n')],
    ['a byte-order mark and Latin-1', (pem) => `\u00ef\u00bb\u00bf# für uns\n${pem}`],
    ['the old label X509 CERTIFICATE', (pem) => pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
    ['the label TRUSTED CERTIFICATE', (pem) => toTrustedFormat(pem)],
  ];
  /** Converts certificates to the format of `openssl x509 -trustout`. */
  const toTrustedFormat = (pem: string) =>
    pem
      .split(/(?=-----BEGIN)/)
      .map((input) => execaSync('openssl', ['x509', '-trustout'], { input }).stdout)
      .join('\n');

  test.each(formats)('every certificate of a CA bundle with %s is trusted', async (_, format) => {
    const certificates = readFileSync(bundlePath, 'utf8').replace(/^#.*\n/, '');
    const path = join(directory, 'unusual.pem');
    writeFileSync(path, format(certificates), 'latin1');
    const { answer } = await run('good', { ca_path: path });
    serverNamed('good').emulator.clearRequests();
    expect(answer.failed, answer.msg).toBeUndefined();
  });

  test('a certificate labelled TRUSTED CERTIFICATE is not trusted if it rejects serverAuth', async () => {
    const words = ['x509', '-trustout', '-addreject', 'serverAuth', '-in', caPath];
    const path = join(directory, 'refusing.pem');
    writeFileSync(path, execaSync('openssl', words).stdout);
    expect((await run('good', { ca_path: path })).answer.error?.code).toBe('tls');
  });
});

describe('the file in ca_path', () => {
  test('ca_path is read once, before the run waits for the registration', async () => {
    const { emulator, relay, host } = serverNamed('good');
    const path = join(directory, 'once.pem');
    writeFileSync(path, readFileSync(caPath));
    const conf = join(host.agentDir, 'jcagent.conf');
    const registration = readFileSync(conf);
    rmSync(conf);
    const running = runModule('jumpcloud_system', {
      agent_dir: host.agentDir,
      api_url: `https://localhost:${relay.port}`,
      ca_path: path,
      registration_timeout: 20,
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    rmSync(path);
    writeFileSync(conf, registration);
    const { answer } = await running;
    emulator.clearRequests();
    expect(answer.failed, answer.msg).toBeUndefined();
    expect(answer['invocation']).toMatchObject({ module_args: { ca_path: path } });
  });

  test('a ca_path file of 1 MiB is accepted, and a larger file is refused', async () => {
    const path = join(directory, 'large.pem');
    const pem = readFileSync(caPath, 'utf8');
    writeFileSync(path, pem + '#'.repeat(1024 * 1024 - pem.length));
    expect((await run('good', { ca_path: path })).answer.failed).toBeUndefined();
    serverNamed('good').emulator.clearRequests();
    appendFileSync(path, '#');
    const { answer } = await run('good', { ca_path: path });
    expect(answer.msg).toBe(`ca_path: ${path} is larger than 1 MiB`);
  });
});

describe('a server with a trusted certificate', () => {
  const rows: [what: string, options: () => object, env: () => Record<string, string>][] = [
    ['its CA in ca_path', () => ({ ca_path: caPath }), () => ({})],
    ['its CA last in a bundle', () => ({ ca_path: bundlePath }), () => ({})],
    [
      'NODE_TLS_REJECT_UNAUTHORIZED=0 and its CA in ca_path',
      () => ({ ca_path: caPath }),
      () => ({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
    ],
    ['its CA in NODE_EXTRA_CA_CERTS', () => ({}), () => ({ NODE_EXTRA_CA_CERTS: caPath })],
    [
      'NODE_OPTIONS and its CA in ca_path',
      () => ({ ca_path: caPath }),
      () => ({ NODE_OPTIONS: '--max-old-space-size=256 --no-warnings' }),
    ],
  ];
  test.each(rows)("a server's certificate is accepted with %s", async (_, options, env) => {
    serverNamed('good').emulator.clearRequests();
    const { answer } = await run('good', { ...options() }, { env: env() });
    expect(answer).toMatchObject({ changed: false, api: { requests: 1, retries: 0 } });
    expect(answer.failed).toBeUndefined();
    serverNamed('good').emulator.clearRequests();
  });
});

describe('JUMPCLOUD_CA_STORE', () => {
  const SYSTEM = /checked with the system CA store \(.*JUMPCLOUD_CA_STORE=bundled\)/;
  const NODE_DEFAULT = /checked with the default CA store of this Node\.js \(/;
  const BUNDLED = /checked with Node\.js's bundled CA store \(.*JUMPCLOUD_CA_STORE=system\)/;
  const NONE = { JUMPCLOUD_CA_STORE: '', SSL_CERT_FILE: '', SSL_CERT_DIR: '' };
  let hashed: string;
  let empty: string;

  beforeAll(() => {
    [hashed, empty] = [join(directory, 'hashed'), join(directory, 'empty')];
    mkdirSync(hashed);
    mkdirSync(empty);
    writeFileSync(join(hashed, 'ca.pem'), readFileSync(caPath));
    execaSync('openssl', ['rehash', hashed]);
  });

  const trusted: [
    what: string,
    options: () => Record<string, string>,
    env: () => Record<string, string>,
  ][] = [
    ['its CA in SSL_CERT_DIR', () => ({}), () => ({ SSL_CERT_DIR: hashed })],
    ['its CA in SSL_CERT_FILE', () => ({}), () => ({ SSL_CERT_FILE: caPath })],
    [
      'its CA in ca_path and an empty SSL_CERT_DIR',
      () => ({ ca_path: bundlePath }),
      () => ({ SSL_CERT_DIR: empty }),
    ],
  ];
  test.each(trusted)(
    'a server is trusted with JUMPCLOUD_CA_STORE=system and %s',
    async (_, options, env) => {
      const variables = { ...NONE, JUMPCLOUD_CA_STORE: 'system', ...env() };
      const { answer } = await run('good', options(), { env: variables });
      expect(answer).toMatchObject({ changed: false, api: { requests: 1, retries: 0 } });
      expect(answer.failed).toBeUndefined();
      serverNamed('good').emulator.clearRequests();
    },
  );

  const refused: [what: string, env: () => Record<string, string>, message: RegExp][] = [
    [
      'the system CA store, if the value is system',
      () => ({ JUMPCLOUD_CA_STORE: 'system', SSL_CERT_DIR: empty }),
      SYSTEM,
    ],
    [
      'the bundled CA store, if the value is bundled',
      () => ({ JUMPCLOUD_CA_STORE: 'bundled' }),
      BUNDLED,
    ],
    [
      "Node.js's default, if the value is unset and OpenSSL's variables are set",
      () => ({ SSL_CERT_FILE: otherCaPath, SSL_CERT_DIR: empty }),
      NODE_DEFAULT,
    ],
  ];
  test.each(refused)('the message of a TLS error names %s', async (_, env, message) => {
    expectTlsFailure(await run('good', {}, { env: { ...NONE, ...env() } }), 'good', message);
  });

  test('JUMPCLOUD_CA_STORE defaults to `system` if /etc/ssl/certs has hashed file names', async () => {
    const result = await run('good', {}, { env: NONE });
    const store = readdirSync('/etc/ssl/certs');
    const hasHashedStore =
      store.includes('ca-certificates.crt') && store.some((file) => file.endsWith('.0'));
    expectTlsFailure(result, 'good', hasHashedStore ? SYSTEM : NODE_DEFAULT);
  });

  test('a JUMPCLOUD_CA_STORE other than `system` and `bundled` is refused', async () => {
    const { answer } = await run('good', {}, { env: { ...NONE, JUMPCLOUD_CA_STORE: 'curl' } });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toBe(
      'JUMPCLOUD_CA_STORE is curl, but must be system or bundled. Correct or unset it.',
    );
  });
});
