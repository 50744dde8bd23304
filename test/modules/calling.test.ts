import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, describe, expect } from 'vitest';
import { collectionFileName } from '../../scripts/build/collection.ts';
import { type Answer, executablePath, MODULES, runModule, runRaw } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { preload } from '../preload.ts';
import { onTerminal, quoted, rewritten } from '../terminal.ts';

const SYSTEM = 'jumpcloud_system';
const EXECUTABLE = executablePath(SYSTEM);
const directory = mkdtempSync(join(tmpdir(), 'calling-'));
afterAll(() => rmSync(directory, { recursive: true }));

function textFile(text: string): string {
  const path = join(directory, `${Math.random()}.json`);
  writeFileSync(path, text);
  return path;
}
const argsFile = (content: unknown) => textFile(JSON.stringify(content));

describe.concurrent('options come from', () => {
  type How = (json: string) => [words: string[], input: string | undefined];
  const rows: [name: string, how: How][] = [
    ['a file', (json) => [[argsFile(JSON.parse(json))], undefined]],
    ['JSON text', (json) => [[json], undefined]],
    ['JSON text after blanks', (json) => [[` \n${json}`], undefined]],
    ['JSON text after a byte-order mark', (json) => [[`\ufeff${json}`], undefined]],
    ['standard input after a byte-order mark', (json) => [['-'], `\ufeff${json}`]],
    ['a file after a byte-order mark', (json) => [[textFile(`\ufeff${json}`)], undefined]],
    ['/dev/stdin', (json) => [['/dev/stdin'], json]],
    ['standard input, asked for', (json) => [['-'], json]],
    ['standard input, when there is no argument', (json) => [[], json]],
    ['standard input with flags alone', (json) => [['--diff'], `\n${json}\n\n`]],
  ];
  test.for(rows)('%s', async ([_, how], { host }) => {
    const [words, input] = how(JSON.stringify({ ...host.options, display_name: 'Köln 😀' }));
    const ran = await runRaw(SYSTEM, words, input);
    expect(ran.answer).toMatchObject({ changed: true, system: { displayName: 'Köln 😀' } });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  });

  // Nothing leaves this machine even if it is enrolled itself: the proxy is a closed port.
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9' };
  test.each([
    [[], undefined],
    [[], ''],
    [['-'], ''],
    [['/dev/stdin'], ''],
    [[], '\ufeff'],
    [['--check'], ' \n'],
  ])('nowhere, which is no options: %j %j', async (words, input) => {
    const { answer } = await runRaw(SYSTEM, words, input, { env });
    expect(answer['invocation']).toMatchObject({
      module_args: { agent_dir: '/opt/jc', region: 'auto', timeout: 120, display_name: null },
    });
  });

  test('a pipe that a shell opened for a command', async ({ host }) => {
    const json = quoted(JSON.stringify({ ...host.options, display_name: 'web-1' }));
    const { stdout } = await execa('bash', ['-c', `${EXECUTABLE} <(printf %s ${json})`]);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true });
  });

  test("Ansible's file with its own keys, which show nowhere", async ({ host }) => {
    const file = argsFile({
      ...host.options,
      display_name: 'web-1',
      _ansible_check_mode: true,
      _ansible_diff: true,
      _ansible_verbosity: 0,
      _ansible_no_log: false,
      _ansible_version: '2.19.11',
      _ansible_module_name: 'systemcontext.jumpcloud.jumpcloud_system',
      _ansible_tmpdir: '/root/.ansible/tmp',
      _ansible_something_new: { a: [1] },
    });
    const { answer, stdout } = await runRaw(SYSTEM, [file], undefined);
    expect(answer).toMatchObject({ changed: true, diff: { after: { display_name: 'web-1' } } });
    expect(stdout).not.toContain('_ansible');
    expect(host.requests().map(({ method }) => method)).toEqual(['GET']);
  });
});

describe.concurrent('flags', () => {
  test.for([
    ['--check before', ['--check', 'JSON'], ['GET'], false],
    ['--check after', ['JSON', '--check'], ['GET'], false],
    ['both around', ['--diff', 'JSON', '--check'], ['GET'], true],
    ['--diff', ['JSON', '--diff'], ['GET', 'PUT'], true],
    ['none', ['JSON'], ['GET', 'PUT'], false],
  ] as const)('%s', async ([_, words, methods, hasDiff], { host }) => {
    const json = JSON.stringify({ ...host.options, display_name: 'web-1' });
    const given = words.map((word) => word.replace('JSON', json));
    const { answer } = await runRaw(SYSTEM, given, undefined);
    expect(answer.changed).toBe(true);
    expect('diff' in answer).toBe(hasDiff);
    expect(host.requests().map(({ method }) => method)).toEqual(methods);
  });

  test.for([
    [{ _ansible_check_mode: false }, ['--check']],
    [{ _ansible_check_mode: 'yes' }, []],
    [{ _ansible_check_mode: 1 }, []],
  ] as const)('and keys add up: %j %j', async ([keys, flags], { host }) => {
    await runModule(SYSTEM, { ...host.options, display_name: 'web-1', ...keys }, { flags });
    expect(host.requests().map(({ method }) => method)).toEqual(['GET']);
  });

  test('--json changes nothing where no terminal is', async ({ host }) => {
    const plain = await runModule(SYSTEM, host.options);
    const json = await runModule(SYSTEM, host.options, { flags: ['--json'] });
    expect(json.stdout).toBe(plain.stdout);
  });

  test.each(MODULES)('--help and --version of %s print text', async (module) => {
    const path = executablePath(module);
    const help = await execa(path, ['--help', '{"no": "matter"}'], { stdin: 'ignore' });
    expect(help.stdout).toMatch(new RegExp(`^${module}: `));
    expect(help.stdout).toMatch(/request_timeout/);
    const short = await execa(path, ['-h', '--json', '--bogus', 'a', 'b'], { stdin: 'ignore' });
    expect(short.stdout).toBe(help.stdout);
    const said = await execa(path, ['--version', '--json'], { stdin: 'ignore' });
    const [name, version = ''] = said.stdout.split(' ');
    expect(name).toBe(module);
    // The file comes from that collection.
    expect(existsSync(join('dist', collectionFileName(version))), version).toBe(true);
  });
});

describe.concurrent('the exit code', () => {
  const detailed = ['--detailed-exitcode'];
  test.for([
    ['unchanged', {}, [], 0],
    ['changed', { display_name: 'web-1' }, [], 0],
    ['failed', { timeout: 0 }, [], 1],
    ['unchanged', {}, detailed, 0],
    ['changed', { display_name: 'web-1' }, detailed, 2],
    ['changed in check mode', { display_name: 'web-1' }, [...detailed, '--check'], 2],
    ['failed', { timeout: 0 }, detailed, 1],
  ] as const)('%s, %j %j: %i', async ([_, options, flags, exitCode], { host }) => {
    const ran = await runModule(SYSTEM, { ...host.options, ...options }, { flags });
    expect(ran.exitCode).toBe(exitCode);
  });

  test('of a run that failed after a change is 1', async ({ host }) => {
    host.hit({ kind: 'slow', ms: 0 });
    host.hit({
      kind: 'mangle',
      change: (body) => ({ ...Object(body), allowSshRootLogin: false }),
    });
    const options = { ...host.options, display_name: 'web-1', allow_ssh_root_login: true };
    const ran = await runModule(SYSTEM, options, { flags: detailed });
    expect(ran).toMatchObject({ exitCode: 1, answer: { changed: true, failed: true } });
  });
});

describe.concurrent('on a terminal', () => {
  test('without arguments there is the help', async () => {
    const { output, exitCode } = await onTerminal(EXECUTABLE);
    const { stdout } = await execa(EXECUTABLE, ['--help']);
    expect(output.trimEnd()).toBe(stdout);
    expect(exitCode).toBe(0);
  });

  test('the result is pretty-printed', async ({ host }) => {
    const json = quoted(JSON.stringify(host.options));
    const { output, exitCode } = await onTerminal(`${EXECUTABLE} ${json}`);
    const result = JSON.parse(output);
    expect(result).toMatchObject({ changed: false, system_id: host.systemId });
    expect(output).toBe(`${JSON.stringify(result, undefined, 2)}\n`);
    expect(exitCode).toBe(0);
  });

  test('for messages alone, the result is one line', async ({ host }) => {
    const json = quoted(JSON.stringify(host.options));
    const file = join(directory, `${host.systemId}.out`);
    const { output } = await onTerminal(`${EXECUTABLE} ${json} > ${quoted(file)}`);
    expect(output).toBe('');
    const printed = readFileSync(file, 'utf8');
    expect(printed).toBe(`${JSON.stringify(JSON.parse(printed))}\n`);
  });

  test('a registration that is waited for is told of, and how long still', async ({ enrol }) => {
    const host = await enrol({ write: false });
    const options = { ...host.options, registration_timeout: 3.2 };
    const json = quoted(JSON.stringify(options));
    const file = join(directory, `${host.systemId}.out`);
    const { output, exitCode } = await onTerminal(`${EXECUTABLE} ${json} > ${quoted(file)}`);
    const steps = rewritten(output);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step).toMatch(/^Waiting for the JumpCloud agent to register: [0-2] s left$/);
    }
    expect(output.endsWith('\r\x1b[K')).toBe(true);
    expect(exitCode).toBe(1);
  });

  test('backing off is told of, never wider than the terminal', async ({ host }) => {
    host.hit({ kind: 'status', status: 429, retryAfter: 3 });
    const options = { ...host.options, timeout: 60 };
    const json = quoted(JSON.stringify(options));
    const { output } = await onTerminal(`${EXECUTABLE} ${json} > ${directory}/backoff.out`, 60);
    const steps = rewritten(output);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step).toMatch(/^Waiting to try again to read the record of sy.*…: \d s left$/);
      expect(step.length).toBeLessThan(60);
    }
    expect(output).not.toContain('\n');
  });

  test('settling is told of', async ({ host }) => {
    const options = { ...host.options, display_name: 'web-1', settle: 4 };
    const json = quoted(JSON.stringify(options));
    const { output } = await onTerminal(`${EXECUTABLE} ${json} > ${directory}/settle.out`);
    expect(rewritten(output)[0]).toMatch(/^Waiting for the settings to hold: \d s left$/);
  });

  test('a terminal that goes away while a run waits is no failure', async ({ enrol }) => {
    const host = await enrol({ write: false });
    const options = JSON.stringify({ ...host.options, registration_timeout: 20 });
    const helper = new URL('lost-terminal.py', import.meta.url).pathname;
    const running = execa('python3', [helper, EXECUTABLE, options], { reject: false });
    await sleep(5000);
    await host.writeFiles();
    // Its exit status is no promise: Node.js aborts at its end when it cannot reset the terminal.
    const { stdout } = await running;
    expect(JSON.parse(stdout)).toMatchObject({ changed: false, system_id: host.systemId });
  });

  /** A call that waits for three seconds and fails then, with the options in a file of that name. */
  const waitingCall = (name: string, more: Record<string, unknown>, flags = '') => {
    const place = mkdtempSync(join(directory, 'call-'));
    const options = { agent_dir: '/nonexistent', registration_timeout: 3, ...more };
    writeFileSync(join(place, name), JSON.stringify(options));
    return `${EXECUTABLE} ${join(place, name)} ${flags}`;
  };
  const oneLine = (output: string) => `${JSON.stringify(JSON.parse(output))}\n`;
  const indented = (output: string) => `${JSON.stringify(JSON.parse(output), undefined, 2)}\n`;

  test.each(['args', 'other.json'])(
    "Ansible's call, by a key in the file %s, gets one line and no other word on its terminal",
    async (name) => {
      const { output } = await onTerminal(waitingCall(name, { _ansible_verbosity: 0 }));
      expect(output).toBe(oneLine(output));
      expect(JSON.parse(output)).toMatchObject({ error: { code: 'not_enrolled' } });
    },
  );

  test.each([
    ['is not JSON', 'args', '{"agent_dir'],
    ['is not UTF-8', 'args', Buffer.from('{"a":"\xe9"}', 'latin1')],
    ['holds a list', 'args', '[]'],
    ['is missing', 'args', undefined],
  ])(
    "a file args that %s is taken for Ansible's: the answer is one line",
    async (_, name, content) => {
      const file = join(mkdtempSync(join(directory, 'call-')), name);
      if (content !== undefined) writeFileSync(file, content);
      const { output } = await onTerminal(`${EXECUTABLE} ${file}`);
      expect(output).toBe(oneLine(output));
      expect(JSON.parse(output)).toMatchObject({ error: { code: 'invalid_arguments' } });
    },
  );

  test('a person who calls a file args sees the progress and indented JSON', async () => {
    const { output } = await onTerminal(waitingCall('args', {}));
    const [json = '', ...steps] = rewritten(output).reverse();
    expect(json).toBe(indented(json));
    expect(steps[0]).toMatch(/^Waiting for the JumpCloud agent to register: \d s left$/);
  });

  test('--json keeps stdout free of progress where both are the terminal', async () => {
    const { output } = await onTerminal(waitingCall('options.json', {}, '--json'));
    expect(output).toBe(indented(output));
  });

  test('--json with stdout elsewhere leaves the progress on the terminal', async () => {
    const file = join(directory, 'json.out');
    const { output } = await onTerminal(waitingCall('options.json', {}, `--json > ${file}`));
    expect(rewritten(output)[0]).toMatch(/^Waiting for the JumpCloud agent to register/);
    expect(readFileSync(file, 'utf8')).toBe(oneLine(readFileSync(file, 'utf8')));
  });

  test("Ansible's call with stdout elsewhere leaves stderr empty", async () => {
    const call = waitingCall('args', { _ansible_no_log: false }, `> ${directory}/ansible.out`);
    expect((await onTerminal(call)).output).toBe('');
  });

  test('a short wait is not worth a line', async ({ host }) => {
    host.hit({ kind: 'status', status: 503 });
    const json = quoted(JSON.stringify(host.options));
    const { output } = await onTerminal(`${EXECUTABLE} ${json} > ${directory}/short.out`);
    expect(output).toBe('');
  });
});

describe.concurrent('without a terminal stderr stays empty', () => {
  test.for([
    ['waiting for the registration', { registration_timeout: 3 }, { write: false }],
    ['settling', { display_name: 'web-1', settle: 3 }, {}],
  ] as const)('%s', async ([_, options, desired], { enrol }) => {
    const host = await enrol(desired);
    const ran = await runModule(SYSTEM, { ...host.options, ...options });
    expect(ran.stderr).toBe('');
  });

  test('backing off', async ({ host }) => {
    host.hit({ kind: 'status', status: 503, retryAfter: 3 });
    const ran = await runModule(SYSTEM, host.options);
    expect(ran).toMatchObject({ stderr: '', exitCode: 0 });
  });

  test.for([
    { NODE_EXTRA_CA_CERTS: '/nonexistent.pem' },
    { NODE_DEBUG: 'net,tls,timer' },
    { NODE_DEBUG_NATIVE: 'diagnostics' },
    { NODE_PENDING_DEPRECATION: '1' },
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  ])('with %j in the environment', async (env, { host }) => {
    const ran = await runModule(SYSTEM, host.options, { env });
    expect(ran).toMatchObject({ stderr: '', exitCode: 0 });
  });
});

describe('a pipe that is full and does not block', () => {
  const helper = new URL('full-pipe.py', import.meta.url).pathname;
  const many = Array.from({ length: 900 }, (_, i) => [`x${i}`, 1]);
  const long = JSON.stringify(Object.fromEntries(many));
  const piped = (reader: 'reads' | 'leaves', ...words: string[]) =>
    execa('python3', [helper, reader, EXECUTABLE, ...words], { reject: false });

  test('gets the whole answer once somebody reads', async () => {
    const { stdout, exitCode } = await piped('reads', long);
    expect(exitCode).toBe(1);
    expect(stdout.length).toBeGreaterThan(2 * 4096);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_arguments' } });
  });

  test('makes the run a failure when the reader leaves', async () => {
    const { exitCode, stderr } = await piped('leaves', '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  });
});

describe.concurrent('a signal', () => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  // Tells by a file that the executable hears signals and has gone on to what it waits for.
  const tells = join(directory, 'tell-when-listening.cjs');
  writeFileSync(
    tells,
    `const tell = () => require('node:fs').writeFileSync(process.env.LISTENING, '');
    process.on('newListener', (name) => name === 'SIGINT' && setTimeout(tell, 100));\n`,
  );

  /** Signals a run once it is `ready`, and gives what it answered and how long after. */
  async function interrupt(
    words: string[],
    signal: (typeof signals)[number],
    ready: (isListening: () => boolean) => Promise<unknown>,
  ) {
    const listening = join(directory, `${Math.random()}.listening`);
    const env = { ...process.env, ...preload(tells), LISTENING: listening };
    const child = spawn(EXECUTABLE, words, { stdio: ['pipe', 'pipe', 'pipe'], env });
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    const ended = once(child, 'close');
    await ready(() => existsSync(listening));
    const start = performance.now();
    child.kill(signal);
    const [exitCode] = await ended;
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(2);
    const answer = JSON.parse(lines[0] ?? '') as Answer;
    return { answer, exitCode, ms: performance.now() - start };
  }

  const soon = { timeout: 25_000, interval: 20 };
  const listens = (isListening: () => boolean) => expect.poll(isListening, soon).toBe(true);
  /** How often this host has asked for something. */
  const asked = (host: TestHost, times = 1) =>
    expect.poll(() => host.requests().length, soon).toBe(times);
  /** Quick beside what each run would wait for otherwise, on a busy machine too. */
  const QUICK_MS = 10_000;
  test.for(signals)('%s while the server is silent', async (signal, { host }) => {
    host.hit({ kind: 'silence' });
    const { answer, exitCode, ms } = await interrupt([JSON.stringify(host.options)], signal, () =>
      asked(host),
    );
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      system_id: host.systemId,
      error: { code: 'interrupted' },
      invocation: { module_args: { timeout: 120 } },
    });
    expect(answer.msg).toContain(signal);
    expect(exitCode).toBe(1);
    expect(ms).toBeLessThan(QUICK_MS);
  });

  test('SIGHUP under nohup, which Node.js takes back', async ({ host }) => {
    host.hit({ kind: 'silence' });
    const words = [EXECUTABLE, JSON.stringify(host.options)];
    const running = execa('nohup', words, { stdin: 'ignore', reject: false });
    await asked(host);
    running.kill('SIGHUP');
    const { stdout, exitCode } = await running;
    expect(JSON.parse(stdout)).toMatchObject({ failed: true, error: { code: 'interrupted' } });
    expect(exitCode).toBe(1);
  });

  test('while backing off', async ({ host }) => {
    host.hit({ kind: 'status', status: 503, retryAfter: 30 });
    const { answer, ms } = await interrupt([JSON.stringify(host.options)], 'SIGTERM', async () => {
      await asked(host);
      // The answer is on its way; before it has come, this is a silent server.
      await sleep(300);
    });
    expect(answer).toMatchObject({ changed: false, error: { code: 'interrupted' } });
    expect(ms).toBeLessThan(QUICK_MS);
  });

  test('while settling, with what had been written', async ({ host }) => {
    const { answer, ms } = await interrupt(
      [JSON.stringify({ ...host.options, display_name: 'web-1', settle: 60 })],
      'SIGTERM',
      () => asked(host, 3),
    );
    expect(answer).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'interrupted' },
      system: { displayName: 'web-1' },
    });
    expect(ms).toBeLessThan(QUICK_MS);
  });

  test.for(signals)('%s while waiting for the registration', async (signal, { enrol }) => {
    const host = await enrol({ write: false });
    const options = { ...host.options, registration_timeout: 60 };
    const { answer, exitCode, ms } = await interrupt([JSON.stringify(options)], signal, listens);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'interrupted' } });
    expect(exitCode).toBe(1);
    expect(ms).toBeLessThan(QUICK_MS);
  });

  test.each(signals)('%s while reading input that never ends', async (signal) => {
    const { answer, exitCode, ms } = await interrupt([], signal, listens);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'interrupted' } });
    expect(exitCode).toBe(1);
    expect(ms).toBeLessThan(QUICK_MS);
  });
});

describe.concurrent('the result', () => {
  test('repeats the options as understood', async ({ host }) => {
    const { answer } = await runModule(SYSTEM, {
      ...host.options,
      api_url: `${host.options.api_url}/`,
      display_name: 12,
      allow_ssh_root_login: 'no',
      primary_user: 'ABCDEFABCDEFABCDEFABCDEF',
      attributes: '{"a": 1, "b": null}',
      request_timeout: '2.5',
      settle: null,
      _ansible_check_mode: true,
    });
    expect(answer['invocation']).toEqual({
      module_args: {
        agent_dir: host.agentDir,
        region: 'auto',
        api_url: host.options.api_url,
        ca_path: null,
        proxy: null,
        timeout: 120,
        request_timeout: 2.5,
        registration_timeout: 0,
        system_id: null,
        names: null,
        display_name: '12',
        description: null,
        allow_ssh_root_login: false,
        allow_ssh_password_authentication: null,
        allow_public_key_authentication: null,
        allow_multi_factor_authentication: null,
        primary_user: 'abcdefabcdefabcdefabcdef',
        attributes: { a: '1', b: null },
        purge_attributes: false,
        system_insights: null,
        settle: 0,
      },
    });
  });

  test.for([0, 1, '1', 2, '2', 3])('tells of the API at verbosity %j', async (v, { host }) => {
    host.hit({ kind: 'status', status: 503, retryAfter: 0 });
    const { answer } = await runModule(SYSTEM, { ...host.options, _ansible_verbosity: v });
    const told = {
      base_url: host.options.api_url,
      requests: 2,
      retries: 1,
      clock_offset: expect.any(Number),
    };
    if (Number(v) < 2) expect(answer).not.toHaveProperty('api');
    else expect(answer['api']).toEqual(told);
  });

  test('tells of the API in a failure, too', async ({ enrol }) => {
    const host = await enrol({ ineligible: true });
    const { answer } = await runModule(SYSTEM, { ...host.options, _ansible_verbosity: 2 });
    expect(answer).toMatchObject({ failed: true, api: { requests: 1, retries: 0 } });
  });

  // A bug cannot be ordered: the crypto module is broken under the executable's feet.
  const broken = join(directory, 'broken-crypto.cjs');
  writeFileSync(
    broken,
    "require('node:crypto').sign = () => { throw new TypeError('boom in crypto'); };\n",
  );
  test.for([0, 2, 3])(
    'of a bug has a stack at verbosity 3 only: %i',
    async (verbosity, { host }) => {
      const ran = await runModule(
        SYSTEM,
        { ...host.options, _ansible_verbosity: verbosity },
        { env: preload(broken) },
      );
      expect(ran.answer).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'internal' },
      });
      expect(ran.answer.msg).toMatch(/TypeError: boom in crypto/);
      expect('stack' in Object(ran.answer.error)).toBe(verbosity === 3);
      expect(ran).toMatchObject({ exitCode: 1, stderr: '' });
    },
  );
});

describe.concurrent('registration_timeout', () => {
  test('waits for files that come late', async ({ enrol }) => {
    const host = await enrol({ write: false });
    rmSync(host.agentDir, { recursive: true });
    const running = runModule(SYSTEM, { ...host.options, registration_timeout: 20 });
    await sleep(800);
    await host.writeFiles();
    const { answer } = await running;
    expect(answer).toMatchObject({ changed: false, system_id: host.systemId });
  });

  test('waits out a half-written configuration, and a systemKey that is to come', async ({
    host,
  }) => {
    const conf = join(host.agentDir, 'jcagent.conf');
    const whole = readFileSync(conf, 'utf8');
    writeFileSync(conf, whole.slice(0, 30));
    const running = runModule(SYSTEM, { ...host.options, registration_timeout: 20 });
    await sleep(700);
    writeFileSync(conf, '{"agentServerHost":"agent.jumpcloud.com"}');
    await sleep(700);
    writeFileSync(conf, whole);
    expect((await running).answer).toMatchObject({ changed: false, system_id: host.systemId });
  });

  test('comes on top of timeout', async ({ enrol }) => {
    const host = await enrol({ write: false });
    const options = { ...host.options, timeout: 3, registration_timeout: 20 };
    const running = runModule(SYSTEM, options);
    await sleep(4000);
    await host.writeFiles();
    expect((await running).answer).toMatchObject({ changed: false });
  });

  test('ends with what is missing still', async ({ host }) => {
    rmSync(join(host.agentDir, 'client.key'));
    const start = performance.now();
    const { answer } = await runModule(SYSTEM, { ...host.options, registration_timeout: 1 });
    expect(performance.now() - start).toBeGreaterThan(1000);
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_enrolled' } });
    expect(answer.msg).toMatch(/client\.key does not exist/);
    expect(host.requests()).toEqual([]);
  });

  test('does not wait for what waiting cannot heal', async ({ host }) => {
    rmSync(join(host.agentDir, 'client.key'));
    await execa('mkfifo', [join(host.agentDir, 'client.key')]);
    // Longer than a test may take.
    const { answer } = await runModule(SYSTEM, { ...host.options, registration_timeout: 90 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'bad_identity' } });
  });
});

describe.concurrent('region', () => {
  const us = 'https://console.jumpcloud.com';
  const eu = 'https://console.eu.jumpcloud.com';
  const india = 'https://console.in.jumpcloud.com';
  const unknown =
    /^agentServerHost "agent\.mars\.jumpcloud\.com" .* no known region; us is assumed/;
  const rows: [region: string, host: string, base: string, warning?: RegExp][] = [
    ['auto', 'agent.jumpcloud.com', us],
    ['auto', 'agent.eu.jumpcloud.com', eu],
    ['auto', 'agent.in.jumpcloud.com', india],
    ['auto', 'AGENT.EU.jumpcloud.com:443', eu],
    ['auto', 'agent.mars.jumpcloud.com', us, unknown],
    ['auto', '', us],
    ['us', 'agent.eu.jumpcloud.com', us],
    ['eu', 'agent.jumpcloud.com', eu],
    ['in', 'agent.mars.jumpcloud.com', india],
  ];
  test.for(rows)(
    '%s with agentServerHost "%s"',
    async ([region, agentServerHost, base, warning], { enrol }) => {
      const host = await enrol({ agentServerHost });
      const { answer } = await runModule(
        SYSTEM,
        { agent_dir: host.agentDir, region, timeout: 0.3, _ansible_verbosity: 2 },
        { env: { HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}` } },
      );
      expect(answer).toMatchObject({
        failed: true,
        error: { code: 'unavailable' },
        api: { base_url: base },
      });
      expect(answer.msg).toMatch(new RegExp(`: ${base} .*could not be reached`));
      expect(answer.warnings).toEqual(warning ? [expect.stringMatching(warning)] : []);
    },
  );
});

/** A port on loopback where nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = Object(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
