import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import type { Fault } from '../emulator/faults.ts';
import { issueServerCertificate, makeCa, sharedKeyFiles } from '../emulator/keys.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import {
  executablePath,
  HOST_MODULE_NAMES,
  type ModuleName,
  runRaw,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { canHaveMounts, onHostWithPrograms } from '../harness/host-with-programs.ts';
import { preload } from '../preload.ts';

const SYSTEM = 'jumpcloud_system';
const PASSWORD = 'geh/eim@2026';
const CREDENTIALS = `jane:${encodeURIComponent(PASSWORD)}`;
const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
let emulator: Emulator;
let httpsEmulator: Emulator;
let caPath: string;
let proxy: Server;
let proxyPort: number;
let host: EnrolledHost;
let httpsHost: EnrolledHost;
let keyParts: string[];
let apiKey: string;

test.beforeAll(async ({ emulator: shared, startWith }) => {
  const ca = await makeCa();
  caPath = join(directory, 'ca.pem');
  writeFileSync(caPath, ca.cert);
  emulator = shared;
  apiKey = emulator.store.addApiKey();
  httpsEmulator = await startWith({ tls: await issueServerCertificate(ca) });
  host = await emulator.enrol();
  httpsHost = await httpsEmulator.enrol();
  const { pkcs1, pkcs8 } = await sharedKeyFiles();
  const lines = `${pkcs1}${pkcs8}`.split('\n').filter((line) => /^[\w+/=]{24,}$/.test(line));
  keyParts = lines.map((line) => line.slice(0, 24));
  expect(keyParts.length).toBeGreaterThan(40);
  proxy = createServer().on('connect', (request, client) => {
    const given = request.headers['proxy-authorization'] ?? '';
    const expected = `Basic ${Buffer.from(`jane:${PASSWORD}`).toString('base64')}`;
    if (given !== expected) {
      client.end(`HTTP/1.1 407 No ${given}\r\nx-given: ${given}\r\n\r\nrefused: ${given}`);
      return;
    }
    const [name = '', port] = (request.url ?? '').split(':');
    const server = connect(Number(port), name, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  proxyPort = (proxy.address() as AddressInfo).port;
});
afterAll(() => {
  proxy.close();
  proxy.closeAllConnections();
  rmSync(directory, { recursive: true });
});

/** Returns texts that no output may contain: secrets and parts of secrets, each with its kind. */
function listSecretTexts(): [what: string, text: string][] {
  const signatures = [...emulator.requests, ...httpsEmulator.requests].flatMap(
    ({ authorization }) => {
      const signature = /signature="([^"]+)"/.exec(authorization ?? '')?.[1];
      return signature === undefined ? [] : [signature];
    },
  );
  const parts = signatures.flatMap((text) => [text.slice(0, 24), text.slice(100, 124)]);
  const basic = Buffer.from(`jane:${PASSWORD}`).toString('base64');
  return [
    ...keyParts.map((text): [string, string] => ['key', text]),
    ...parts.map((text): [string, string] => ['signature', text]),
    ['API key', apiKey.slice(0, 24)],
    ['API key', apiKey.slice(-24)],
    ['password', PASSWORD],
    ['password', 'eim@2026'],
    ['password', encodeURIComponent(PASSWORD)],
    ['password', basic],
  ];
}

function expectNoSecret(where: string, text: string): void {
  const shown = listSecretTexts().filter(([, secret]) => text.includes(secret));
  expect(shown, `in ${where}: ${text}`).toEqual([]);
}

/** Reads the command lines of a process and its children, and the environments of the children. */
function readProcessTexts(pid: number): string {
  const read = (id: string | number, name: string) => {
    try {
      return readFileSync(`/proc/${id}/${name}`, 'latin1');
    } catch {
      return '';
    }
  };
  const commandLine = read(pid, 'cmdline');
  const children = read(pid, `task/${pid}/children`).trim().split(/\s+/).filter(Boolean);
  // A child shows the command line of its parent until it calls exec.
  const started = children.filter((child) => read(child, 'cmdline') !== commandLine);
  const childTexts = started.map((child) => read(child, 'cmdline') + read(child, 'environ'));
  return [commandLine, ...childTexts].join('\n');
}

interface SecretRun {
  readonly module?: ModuleName;
  readonly options: Record<string, unknown>;
  readonly env?: Record<string, string>;
  /** A command that runs the executable with exec, so that its process becomes the executable. */
  readonly through?: readonly string[];
}

/** Runs a module with options from a file and expects no secret in its output or in /proc. */
async function runWithoutLeak({ module = SYSTEM, options, env = {}, through = [] }: SecretRun) {
  const file = join(directory, `${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(options));
  const [program = '', ...words] = [...through, executablePath(module), file];
  const child = spawn(program, words, { env: { ...process.env, ...env } });
  const [seen, outputs] = [new Set<string>(), { stdout: '', stderr: '' }];
  child.stdout.on('data', (data) => {
    outputs.stdout += data;
  });
  child.stderr.on('data', (data) => {
    outputs.stderr += data;
  });
  const watch = setInterval(() => seen.add(readProcessTexts(child.pid ?? 0)), 10);
  await once(child, 'close').finally(() => clearInterval(watch));
  expect([...seen].join('')).toContain(file);
  expectNoSecret('stdout', outputs.stdout);
  expectNoSecret('stderr', outputs.stderr);
  for (const shown of seen) expectNoSecret('/proc', shown);
  return JSON.parse(outputs.stdout);
}

/** Returns a fault that repeats the Authorization header, like a careless gateway. */
function makeEchoFault(
  status: number,
  wrap = (text: string) => JSON.stringify({ message: text }),
): Fault {
  return {
    kind: 'status',
    status,
    get text() {
      return wrap(`bad header ${emulator.requests.at(-1)?.authorization}`);
    },
  };
}

// Verbosity 3 prints all that 1 and 2 print.
describe.each([0, 3])('secrets at verbosity %i', (_ansible_verbosity) => {
  const options = () => ({
    agent_dir: host.agentDir,
    api_url: emulator.url,
    timeout: 10,
    _ansible_verbosity,
    _ansible_diff: true,
  });
  const hit = (...faults: Fault[]) => {
    emulator.faults.clear();
    for (const fault of faults) emulator.faults.add({ fault });
  };
  const display_name = `web-${_ansible_verbosity}`;

  test('a successful run prints no secret', async () => {
    hit();
    const answer = await runWithoutLeak({ options: { ...options(), display_name } });
    expect(answer).toMatchObject({ changed: true });
  });

  test.each<[name: string, fault: () => Fault, code: string]>([
    ['a 401', () => ({ kind: 'status', status: 401 }), 'unauthorized'],
    ['a 400 that repeats the header', () => makeEchoFault(400), 'rejected'],
    [
      'a 422 that repeats the header after a long text',
      () => makeEchoFault(422, (text) => toLongMessage(text)),
      'rejected',
    ],
    ['a 404 that repeats the header', () => makeEchoFault(404), 'not_found'],
    ['a 500 that repeats the header', () => makeEchoFault(500), 'unavailable'],
    [
      'a 418 that repeats the header as its error',
      () => makeEchoFault(418, toErrorBody),
      'rejected',
    ],
    [
      'a page that repeats the header',
      () => makeEchoFault(200, (text) => text),
      'unexpected_response',
    ],
    ['JSON that repeats the header', () => makeEchoFault(200), 'unexpected_response'],
  ])('a run that gets %s prints no secret', async (_, fault, code) => {
    emulator.faults.clear();
    emulator.faults.add({ fault: fault(), times: 100 });
    const timeout = code === 'unavailable' ? 0.7 : 10;
    const answer = await runWithoutLeak({ options: { ...options(), timeout } });
    expect(answer).toMatchObject({ error: { code } });
  });

  test('the signature is masked in a record that repeats the Authorization header', async () => {
    hit({
      kind: 'mangle',
      change: (body) => ({ ...Object(body), seen: emulator.requests.at(-1)?.authorization }),
    });
    const answer = await runWithoutLeak({ options: options() });
    expect(answer.system.seen).toMatch(/^Signature keyId=.*signature="\*{8}"$/);
  });

  test('a run that gets an untrusted certificate prints no secret', async () => {
    const given = { ...options(), agent_dir: httpsHost.agentDir, api_url: httpsEmulator.url };
    expect(await runWithoutLeak({ options: given })).toMatchObject({ error: { code: 'tls' } });
  });

  test('an internal error with a stack prints no secret', async () => {
    hit();
    const broken = join(directory, 'broken-crypto.cjs');
    writeFileSync(broken, "require('node:crypto').sign = () => { throw new Error('boom'); };\n");
    const answer = await runWithoutLeak({ options: options(), env: preload(broken) });
    expect(answer).toMatchObject({ error: { code: 'internal' } });
  });
});

describe("an administrator's API key", () => {
  const module = 'jumpcloud_names';
  const options = () => ({
    api_url: emulator.url,
    users: ['ada', 'bob'],
    policies: 'all',
    _ansible_verbosity: 3,
  });
  beforeEach(() => {
    emulator.faults.clear();
    emulator.store.addNamed('user', 'ada');
  });

  test('an API key in a file of options is masked in module_args', async () => {
    const answer = await runWithoutLeak({
      module,
      options: { ...options(), api_key: apiKey },
    });
    expect(answer).toMatchObject({ error: { code: 'not_found' } });
    expect(answer.invocation.module_args.api_key).toBe('********');
  });

  test('an API key on stdin appears neither in output nor in /proc', async () => {
    const child = spawn(executablePath(module), ['-']);
    const seen = new Set<string>();
    const watch = setInterval(() => seen.add(readProcessTexts(child.pid ?? 0)), 5);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        printed += data;
      });
    }
    child.stdin.end(JSON.stringify({ ...options(), users: 'all', api_key: apiKey }));
    await once(child, 'close').finally(() => clearInterval(watch));
    expect(JSON.parse(printed)).toMatchObject({ changed: false, names: { policy: {} } });
    expect([...seen].join('')).toContain(module);
    for (const shown of [printed, ...seen]) expectNoSecret('output and /proc', shown);
  });

  test.each(['body', 'header'])(
    'an API key that the server repeats in a %s is not printed',
    async (where) => {
      const fault: Fault =
        where === 'body'
          ? { kind: 'status', status: 400, text: JSON.stringify({ message: `bad key ${apiKey}` }) }
          : { kind: 'redirect', location: `https://elsewhere.example/?key=${apiKey}` };
      emulator.faults.add({ fault, times: 9 });
      const answer = await runWithoutLeak({
        module,
        options: { ...options(), api_key: apiKey },
      });
      expect(answer).toMatchObject({ failed: true });
    },
  );

  test.each(['jumpcloud_system', 'jumpcloud_host'] as const)(
    'an API key in an option that %s does not have is not printed',
    async (other) => {
      const given = { agent_dir: host.agentDir, api_url: emulator.url, api_key: apiKey };
      const answer = await runWithoutLeak({ module: other, options: given });
      expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
    },
  );
});

describe('a secret in the wrong place', () => {
  const misplaced: [where: string, words: (secret: string) => string[]][] = [
    ['a flag', (secret) => [`--api_key=${secret}`]],
    ['a flag with a colon', (secret) => [`--api_key:${secret}`]],
    ['a short flag', (secret) => [`-k${secret}`]],
    ['the argument after a flag', (secret) => ['--api_key', secret]],
    ['a flag alone', (secret) => [`--${secret}`]],
    ['an argument key=value', (secret) => [`api_key=${secret}`]],
    ['a bare argument', (secret) => [secret]],
    ['a path', (secret) => [`/${secret}`]],
    ['a long path', (secret) => [`${'x'.repeat(190)}/${secret}`]],
    ['a list', (secret) => [JSON.stringify([{ api_key: secret }])]],
    ['a truncated list', (secret) => [`[{"api_key":"${secret}"`]],
    ['JSON text as a string', (secret) => [JSON.stringify(`{"api_key":"${secret}"}`)]],
    ['truncated JSON', (secret) => [`{"api_key":"${secret}"`]],
    ['a name', (secret) => [JSON.stringify({ [secret]: 1 })]],
    ['a name with key=value', (secret) => [JSON.stringify({ [`api_key=${secret}`]: 1 })]],
    ['a name that occurs twice', (secret) => [`{"${secret}":1,"${secret}":2}`]],
    ['the value of a choice', (secret) => [JSON.stringify({ region: secret })]],
    [
      'the value of a choice with key: value',
      (secret) => [JSON.stringify({ region: `key: ${secret}` })],
    ],
    ['an unknown mapping', (secret) => [JSON.stringify({ auth: { api_key: secret } })]],
    ['a mapping for a list', (secret) => [JSON.stringify({ users: { api_key: secret } })]],
    ['an item of a list', (secret) => [JSON.stringify({ users: [{ api_key: secret }] })]],
    ['text in place of a list', (secret) => [JSON.stringify({ users: `[{"a":"${secret}"` })]],
    ['text for a number', (secret) => [JSON.stringify({ timeout: secret })]],
    ['a section', (secret) => [JSON.stringify({ system: { api_key: secret } })]],
    ['text for a section', (secret) => [JSON.stringify({ system: `{"k":"${secret}"` })]],
    ['a name in a section', (secret) => [JSON.stringify({ system: { [secret]: 1 } })]],
    [
      'the ids of an unknown kind of names',
      (secret) => [JSON.stringify({ names: { api_key: secret } })],
    ],
    ['a name in names', (secret) => [JSON.stringify({ names: { user: { [secret]: 5 } } })]],
    ['an attribute', (secret) => [JSON.stringify({ attributes: [`token=${secret}`] })]],
    ['text for attributes', (secret) => [JSON.stringify({ attributes: `token=${secret}` })]],
    ['an id', (secret) => [JSON.stringify({ primary_user: secret, groups: [secret] })]],
    ['a key of keep', (secret) => [JSON.stringify({ keep: { [secret]: [] }, exclusive: 1 })]],
  ];

  test.each(misplaced)('a secret as %s is not printed', async (where, words) => {
    const secrets: [string, string][] = [['API key', apiKey]];
    // After one of these keys, any word counts as a secret.
    if (/api_key[=:]|key: |token=|"auth"/.test(words('').join())) secrets.push(['word', 'hunter2']);
    for (const [what, secret] of secrets) {
      const result = await runRaw('jumpcloud_names', words(secret), undefined);
      const called = await Promise.all(
        HOST_MODULE_NAMES.map((name) => callInProcess(moduleNamed(name), words(secret))),
      );
      for (const answer of [result.stdout, ...called.map(({ text }) => text)]) {
        expect(JSON.parse(answer)).toMatchObject({ error: { code: 'invalid_arguments' } });
        for (const part of [secret, secret.slice(0, 24), secret.slice(-24)]) {
          expect(answer, `${what} as ${where}`).not.toContain(part);
        }
      }
    }
  });
});

function toLongMessage(text: string): string {
  return JSON.stringify({ message: `${'x'.repeat(150)} ${text}` });
}

function toErrorBody(text: string): string {
  return JSON.stringify({ message: '', error: text });
}

describe('the password of a proxy', () => {
  const options = () => ({
    agent_dir: httpsHost.agentDir,
    api_url: httpsEmulator.url,
    ca_path: caPath,
    timeout: 10,
    _ansible_verbosity: 3,
  });
  const url = (credentials = CREDENTIALS) => `http://${credentials}@127.0.0.1:${proxyPort}`;

  test('a proxy password in the option `proxy` is masked in module_args', async () => {
    const answer = await runWithoutLeak({ options: { ...options(), proxy: url() } });
    expect(answer).not.toHaveProperty('failed');
    expect(answer).toMatchObject({
      system: { id: httpsHost.systemId },
      invocation: { module_args: { proxy: `http://********@127.0.0.1:${proxyPort}` } },
    });
  });

  test.each(['HTTPS_PROXY', 'https_proxy'])(
    'a proxy password in %s is not printed',
    async (name) => {
      const answer = await runWithoutLeak({ options: options(), env: { [name]: url() } });
      expect(answer).toMatchObject({ system: { id: httpsHost.systemId } });
    },
  );

  test('a wrong proxy password is not printed when the proxy repeats it', async () => {
    const wrong = url(`joe:${encodeURIComponent(PASSWORD)}`);
    const answer = await runWithoutLeak({ options: { ...options(), proxy: wrong } });
    expect(answer).toMatchObject({ error: { code: 'rejected', status: 407 } });
    const basic = Buffer.from(`joe:${PASSWORD}`).toString('base64');
    expect(JSON.stringify(answer)).not.toContain(basic);
  });

  test('the password of an unreachable proxy is not printed', async () => {
    const unreachableProxy = `http://${CREDENTIALS}@127.0.0.1:9`;
    const given = { ...options(), proxy: unreachableProxy, timeout: 1 };
    const answer = await runWithoutLeak({ options: given });
    expect(answer).toMatchObject({ error: { code: 'unavailable' } });
  });

  test.each([
    ['without a scheme', `jane:${PASSWORD}@proxy.example:3128`],
    ['with an unsupported scheme', `socks5://${CREDENTIALS}@proxy.example:1080`],
    ['with an unencoded password', `http://jane:${PASSWORD}@proxy.example:3128`],
    ['with a password that looks like a port', `http://jane:12/${PASSWORD}@proxy.example`],
    ['with a password after a hash sign', `http://jane:12#${PASSWORD}@proxy.example`],
    ['with a path', `http://${CREDENTIALS}@proxy.example/path`],
    ['that is not a URL', `http://jane:${PASSWORD}`],
    ['that is a list', [`http://${CREDENTIALS}@proxy.example`]],
    ['that is a mapping', { url: `http://${CREDENTIALS}@proxy.example` }],
  ])('the password in a proxy option %s is not printed', async (_, given) => {
    const answer = await runWithoutLeak({ options: { ...options(), proxy: given } });
    expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
  });

  test.each([
    `socks5://${CREDENTIALS}@proxy.example:1080`,
    `http://jane:${PASSWORD}@proxy.example:3128`,
  ])('the password in an invalid HTTPS_PROXY is not printed: %s', async (given) => {
    const answer = await runWithoutLeak({ options: options(), env: { HTTPS_PROXY: given } });
    expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
  });

  test('a proxy password is not passed to the command that stops the agent', async ({ skip }) => {
    if (!canHaveMounts()) skip('this machine does not allow mount namespaces');
    const bin = join(directory, 'bin');
    const seen = join(directory, 'systemctl.seen');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'systemctl'),
      `#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ > ${seen}\nsleep 0.1\n`,
    );
    chmodSync(join(bin, 'systemctl'), 0o755);
    const leaving = await httpsEmulator.enrol();
    // The host is prepared before the run. Otherwise the secret would be in the environment of the
    // commands that prepare it.
    const [file = '', ...words] = onHostWithPrograms({ programs: bin });
    const prepared = spawn(file, [...words, 'sh', '-c', 'echo; exec sleep 60']);
    await once(prepared.stdout, 'data');
    const answer = await runWithoutLeak({
      module: 'jumpcloud_removal',
      options: { ...options(), agent_dir: leaving.agentDir, timeout: 20, stop_agent: true },
      env: { HTTPS_PROXY: url() },
      through: ['nsenter', `--mount=/proc/${prepared.pid}/ns/mnt`],
    });
    prepared.kill('SIGKILL');
    const left = readdirSync(leaving.agentDir);
    await leaving.remove();
    expect(answer).toMatchObject({ changed: true });
    expect(left).toContain('client.key');
    const passed = readFileSync(seen, 'utf8');
    expect(passed).toContain('PATH=');
    expectNoSecret('systemctl', passed);
  });
});

test.each(['jcagent.conf', 'client.crt', '.removed-from-jumpcloud', 'version.txt'])(
  'a private key in %s is not printed',
  async (name) => {
    const odd = await emulator.enrol();
    writeFileSync(join(odd.agentDir, name), readFileSync(join(odd.agentDir, 'client.key')));
    for (const module of [SYSTEM, 'jumpcloud_system_info'] as const) {
      const options = { agent_dir: odd.agentDir, api_url: emulator.url, _ansible_verbosity: 3 };
      await runWithoutLeak({ module, options });
    }
    await odd.remove();
  },
);

test('a private key that is given as the options file is not printed', async () => {
  const path = join(host.agentDir, 'client.key');
  const child = spawn(executablePath(SYSTEM), [path]);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      printed += data;
    });
  }
  await once(child, 'close');
  expect(JSON.parse(printed)).toMatchObject({ error: { code: 'invalid_arguments' } });
  expectNoSecret('stdout and stderr', printed);
});
