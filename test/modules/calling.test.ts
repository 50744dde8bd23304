import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, describe, expect, vi } from 'vitest';
import { collectionFileName } from '../../scripts/build/collection.ts';
import {
  type Answer,
  executablePath,
  MODULE_NAMES,
  runModule,
  runRaw,
} from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { preload } from '../preload.ts';
import { quoteForShell, rewrittenLines, runOnTerminal } from '../terminal.ts';

const SYSTEM = 'jumpcloud_system';
const EXECUTABLE = executablePath(SYSTEM);
const directory = mkdtempSync(join(tmpdir(), 'calling-'));
afterAll(() => rmSync(directory, { recursive: true }));

function writeTextFile(text: string): string {
  const path = join(directory, `${Math.random()}.json`);
  writeFileSync(path, text);
  return path;
}
const writeOptionsFile = (content: unknown) => writeTextFile(JSON.stringify(content));

describe.concurrent('option sources', () => {
  type MakeCall = (json: string) => [args: string[], input: string | undefined];
  const rows: [name: string, makeCall: MakeCall][] = [
    ['a file', (json) => [[writeOptionsFile(JSON.parse(json))], undefined]],
    ['a JSON argument', (json) => [[json], undefined]],
    ['a JSON argument after white space', (json) => [[` \n${json}`], undefined]],
    ['a JSON argument after a byte-order mark', (json) => [[`\ufeff${json}`], undefined]],
    ['stdin after a byte-order mark', (json) => [['-'], `\ufeff${json}`]],
    [
      'a file that begins with a byte-order mark',
      (json) => [[writeTextFile(`\ufeff${json}`)], undefined],
    ],
    ['/dev/stdin', (json) => [['/dev/stdin'], json]],
    ['stdin for the argument -', (json) => [['-'], json]],
    ['stdin without an argument', (json) => [[], json]],
    ['stdin with only flags as arguments', (json) => [['--diff'], `\n${json}\n\n`]],
  ];
  test.for(rows)('options are read from %s', async ([_, makeCall], { host }) => {
    const [args, input] = makeCall(JSON.stringify({ ...host.options, display_name: 'Köln 😀' }));
    const result = await runRaw(SYSTEM, args, input);
    expect(result.answer).toMatchObject({ changed: true, system: { displayName: 'Köln 😀' } });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  });

  // The proxy is a closed port, so no request leaves this machine even if the machine is enrolled.
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9' };
  test.each([
    [[], undefined],
    [[], ''],
    [['-'], ''],
    [['/dev/stdin'], ''],
    [[], '\ufeff'],
    [['--check'], ' \n'],
  ])('the arguments %j with the input %j are treated as no options', async (args, input) => {
    const { answer } = await runRaw(SYSTEM, args, input, { env });
    expect(answer['invocation']).toMatchObject({
      module_args: { agent_dir: '/opt/jc', region: 'auto', timeout: 120, display_name: null },
    });
  });

  test('options are read from the pipe of a process substitution', async ({ host }) => {
    const json = quoteForShell(JSON.stringify({ ...host.options, display_name: 'web-1' }));
    const { stdout } = await execa('bash', ['-c', `${EXECUTABLE} <(printf %s ${json})`]);
    expect(JSON.parse(stdout)).toMatchObject({ changed: true });
  });

  test('keys with the prefix _ansible_ in the options file take effect and are not printed', async ({
    host,
  }) => {
    const file = writeOptionsFile({
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
    [['--check', 'JSON'], ['GET'], false],
    [['JSON', '--check'], ['GET'], false],
    [['--diff', 'JSON', '--check'], ['GET'], true],
    [['JSON', '--diff'], ['GET', 'PUT'], true],
    [['JSON'], ['GET', 'PUT'], false],
  ] as const)(
    'a call with the arguments %j sends the requests %j (diff: %s)',
    async ([template, methods, hasDiff], { host }) => {
      const json = JSON.stringify({ ...host.options, display_name: 'web-1' });
      const args = template.map((word) => word.replace('JSON', json));
      const { answer } = await runRaw(SYSTEM, args, undefined);
      expect(answer.changed).toBe(true);
      expect('diff' in answer).toBe(hasDiff);
      expect(host.requests().map(({ method }) => method)).toEqual(methods);
    },
  );

  test.for([
    [{ _ansible_check_mode: false }, ['--check']],
    [{ _ansible_check_mode: 'yes' }, []],
    [{ _ansible_check_mode: 1 }, []],
  ] as const)(
    'a call with the keys %j and the flags %j runs in check mode',
    async ([keys, flags], { host }) => {
      await runModule(SYSTEM, { ...host.options, display_name: 'web-1', ...keys }, { flags });
      expect(host.requests().map(({ method }) => method)).toEqual(['GET']);
    },
  );

  test('without a terminal, --json does not change the output', async ({ host }) => {
    const plain = await runModule(SYSTEM, host.options);
    const json = await runModule(SYSTEM, host.options, { flags: ['--json'] });
    expect(json.stdout).toBe(plain.stdout);
  });

  test.each(MODULE_NAMES)('%s prints plain text for --help and --version', async (module) => {
    const path = executablePath(module);
    const help = await execa(path, ['--help', '{"no": "matter"}'], { stdin: 'ignore' });
    expect(help.stdout).toMatch(new RegExp(`^${module}: `));
    expect(help.stdout).toMatch(/request_timeout/);
    const short = await execa(path, ['-h', '--json', '--bogus', 'a', 'b'], { stdin: 'ignore' });
    expect(short.stdout).toBe(help.stdout);
    const printed = await execa(path, ['--version', '--json'], { stdin: 'ignore' });
    const [name, version = ''] = printed.stdout.split(' ');
    expect(name).toBe(module);
    // --version names the version of the collection that the executable was built for.
    expect(existsSync(join('dist', collectionFileName(version))), version).toBe(true);
  });
});

describe.concurrent('exit status', () => {
  const detailedFlags = ['--detailed-exitcode'];
  test.for([
    ['changes nothing', {}, [], 0],
    ['changes something', { display_name: 'web-1' }, [], 0],
    ['fails', { timeout: 0 }, [], 1],
    ['changes nothing', {}, detailedFlags, 0],
    ['changes something', { display_name: 'web-1' }, detailedFlags, 2],
    ['would change something', { display_name: 'web-1' }, [...detailedFlags, '--check'], 2],
    ['fails', { timeout: 0 }, detailedFlags, 1],
  ] as const)(
    'a run that %s (options %j, flags %j) exits with status %i',
    async ([_, options, flags, exitCode], { host }) => {
      const result = await runModule(SYSTEM, { ...host.options, ...options }, { flags });
      expect(result.exitCode).toBe(exitCode);
    },
  );

  test('a run that fails after a change exits with status 1 under --detailed-exitcode', async ({
    host,
  }) => {
    host.hit({ kind: 'slow', ms: 0 });
    host.hit({
      kind: 'mangle',
      change: (body) => ({ ...Object(body), allowSshRootLogin: false }),
    });
    const options = { ...host.options, display_name: 'web-1', allow_ssh_root_login: true };
    const result = await runModule(SYSTEM, options, { flags: detailedFlags });
    expect(result).toMatchObject({ exitCode: 1, answer: { changed: true, failed: true } });
  });
});

describe.concurrent('terminal output', () => {
  test('a call without arguments on a terminal prints the help', async () => {
    const { output, exitCode } = await runOnTerminal(EXECUTABLE);
    const { stdout } = await execa(EXECUTABLE, ['--help']);
    expect(output.trimEnd()).toBe(stdout);
    expect(exitCode).toBe(0);
  });

  test('--json on a terminal prints indented JSON', async ({ host }) => {
    const json = quoteForShell(JSON.stringify(host.options));
    const { output, exitCode } = await runOnTerminal(`${EXECUTABLE} --json ${json}`);
    const result = JSON.parse(output);
    expect(result).toMatchObject({ changed: false, system_id: host.systemId });
    expect(output).toBe(`${JSON.stringify(result, undefined, 2)}\n`);
    expect(exitCode).toBe(0);
  });

  test('a redirected result is one line even when stderr is a terminal', async ({ host }) => {
    const json = quoteForShell(JSON.stringify(host.options));
    const file = join(directory, `${host.systemId}.out`);
    const { output } = await runOnTerminal(`${EXECUTABLE} ${json} > ${quoteForShell(file)}`);
    expect(output).toBe('');
    const printed = readFileSync(file, 'utf8');
    expect(printed).toBe(`${JSON.stringify(JSON.parse(printed))}\n`);
  });

  test('a wait for the registration shows the remaining seconds on the terminal', async ({
    enrol,
  }) => {
    const host = await enrol({ write: false });
    const options = { ...host.options, registration_timeout: 3.2 };
    const json = quoteForShell(JSON.stringify(options));
    const file = join(directory, `${host.systemId}.out`);
    const { output, exitCode } = await runOnTerminal(
      `${EXECUTABLE} ${json} > ${quoteForShell(file)}`,
    );
    const steps = rewrittenLines(output);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step).toMatch(/^Waiting for the JumpCloud agent to register: [0-2] s left$/);
    }
    expect(output.endsWith('\r\x1b[K')).toBe(true);
    expect(exitCode).toBe(1);
  });

  test('a retry delay shows progress that fits the width of the terminal', async ({ host }) => {
    host.hit({ kind: 'status', status: 429, retryAfter: 3 });
    const options = { ...host.options, timeout: 60 };
    const json = quoteForShell(JSON.stringify(options));
    const { output } = await runOnTerminal(`${EXECUTABLE} ${json} > ${directory}/backoff.out`, 60);
    const steps = rewrittenLines(output);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step).toMatch(/^Waiting to try again to read the record of sy.*…: \d s left$/);
      expect(step.length).toBeLessThan(60);
    }
    expect(output).not.toContain('\n');
  });

  test('a run that waits for a slow answer shows progress on the terminal', async ({ host }) => {
    host.hit({ kind: 'slow', ms: 4000 });
    const json = quoteForShell(JSON.stringify({ ...host.options, timeout: 60 }));
    const { output } = await runOnTerminal(`${EXECUTABLE} ${json} > ${directory}/slow.out`, 60);
    expect(rewrittenLines(output)[0]).toMatch(/^Waiting to read the record of sy.*…?: \d+ s left$/);
  });

  test('a wait for the settings to settle shows progress on the terminal', async ({ host }) => {
    const options = { ...host.options, display_name: 'web-1', settle: 4 };
    const json = quoteForShell(JSON.stringify(options));
    const { output } = await runOnTerminal(`${EXECUTABLE} ${json} > ${directory}/settle.out`);
    expect(rewrittenLines(output)[0]).toMatch(/^Waiting for the settings to hold: \d s left$/);
  });

  test('a run succeeds although its terminal closes during a wait', async ({ enrol }) => {
    const host = await enrol({ write: false });
    const options = JSON.stringify({ ...host.options, registration_timeout: 20 });
    const helper = new URL('lost-terminal.py', import.meta.url).pathname;
    const running = execa('python3', [helper, EXECUTABLE, options], { reject: false });
    await once(running.stderr, 'data');
    await host.writeFiles();
    // The test ignores the exit status, because Node.js aborts when it cannot reset the terminal.
    const { stdout } = await running;
    expect(JSON.parse(stdout)).toMatchObject({ changed: false, system_id: host.systemId });
  });

  /** Returns a command that waits 3 s and then fails. It reads its options from the file `name`. */
  const makeWaitingCall = (name: string, extraOptions: Record<string, unknown>, flags = '') => {
    const callDirectory = mkdtempSync(join(directory, 'call-'));
    const options = { agent_dir: '/nonexistent', registration_timeout: 3, ...extraOptions };
    writeFileSync(join(callDirectory, name), JSON.stringify(options));
    return `${EXECUTABLE} ${join(callDirectory, name)} ${flags}`;
  };
  const toOneLine = (output: string) => `${JSON.stringify(JSON.parse(output))}\n`;
  const toIndented = (output: string) => `${JSON.stringify(JSON.parse(output), undefined, 2)}\n`;

  test.each(['args', 'other.json'])(
    'a call with an `_ansible_*` key in the file %s prints one line and no progress on a terminal',
    async (name) => {
      const { output } = await runOnTerminal(makeWaitingCall(name, { _ansible_verbosity: 0 }));
      expect(output).toBe(toOneLine(output));
      expect(JSON.parse(output)).toMatchObject({ error: { code: 'not_enrolled' } });
    },
  );

  test.each([
    ['is not JSON', 'args', '{"agent_dir'],
    ['is not UTF-8', 'args', Buffer.from('{"a":"\xe9"}', 'latin1')],
    ['holds a list', 'args', '[]'],
    ['is missing', 'args', undefined],
  ])(
    'a call prints one line of JSON if its options file is named args and %s',
    async (_, name, content) => {
      const file = join(mkdtempSync(join(directory, 'call-')), name);
      if (content !== undefined) writeFileSync(file, content);
      const { output } = await runOnTerminal(`${EXECUTABLE} ${file}`);
      expect(output).toBe(toOneLine(output));
      expect(JSON.parse(output)).toMatchObject({ error: { code: 'invalid_arguments' } });
    },
  );

  test('a call prints progress and text if its options file is named `args` but has no Ansible keys', async () => {
    const { output } = await runOnTerminal(`NO_COLOR=1 ${makeWaitingCall('args', {})}`);
    const [text, ...steps] = rewrittenLines(output).reverse();
    expect(text).toMatch(/^jumpcloud_system: failed \(not_enrolled\)\n/);
    expect(steps[0]).toMatch(/^Waiting for the JumpCloud agent to register: \d s left$/);
  });

  test('--json prints no progress when stdout and stderr are the same terminal', async () => {
    const { output } = await runOnTerminal(makeWaitingCall('options.json', {}, '--json'));
    expect(output).toBe(toIndented(output));
  });

  test('--json with redirected stdout shows progress on the terminal', async () => {
    const file = join(directory, 'json.out');
    const { output } = await runOnTerminal(makeWaitingCall('options.json', {}, `--json > ${file}`));
    expect(rewrittenLines(output)[0]).toMatch(/^Waiting for the JumpCloud agent to register/);
    expect(readFileSync(file, 'utf8')).toBe(toOneLine(readFileSync(file, 'utf8')));
  });

  test('a call with an `_ansible_*` key and redirected stdout writes nothing to stderr', async () => {
    const call = makeWaitingCall('args', { _ansible_no_log: false }, `> ${directory}/ansible.out`);
    expect((await runOnTerminal(call)).output).toBe('');
  });

  test('a short wait shows no progress', async ({ host }) => {
    host.hit({ kind: 'status', status: 503 });
    const json = quoteForShell(JSON.stringify(host.options));
    const { output } = await runOnTerminal(`${EXECUTABLE} ${json} > ${directory}/short.out`);
    expect(output).toBe('');
  });
});

describe.concurrent('stderr without a terminal', () => {
  test.for([
    ['a wait for the registration', { registration_timeout: 3 }, { write: false }],
    ['a wait for the settings to settle', { display_name: 'web-1', settle: 3 }, {}],
  ] as const)(
    '%s writes nothing to stderr without a terminal',
    async ([_, options, enrolment], { enrol }) => {
      const host = await enrol(enrolment);
      const result = await runModule(SYSTEM, { ...host.options, ...options });
      expect(result.stderr).toBe('');
    },
  );

  test('a retry delay writes nothing to stderr without a terminal', async ({ host }) => {
    host.hit({ kind: 'status', status: 503, retryAfter: 3 });
    const result = await runModule(SYSTEM, host.options);
    expect(result).toMatchObject({ stderr: '', exitCode: 0 });
  });

  test.for([
    { NODE_EXTRA_CA_CERTS: '/nonexistent.pem' },
    { NODE_DEBUG: 'net,tls,timer' },
    { NODE_DEBUG_NATIVE: 'diagnostics' },
    { NODE_PENDING_DEPRECATION: '1' },
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  ])('a run with %j in the environment writes nothing to stderr', async (env, { host }) => {
    const result = await runModule(SYSTEM, host.options, { env });
    expect(result).toMatchObject({ stderr: '', exitCode: 0 });
  });
});

describe('a full, non-blocking pipe as stdout', () => {
  const helper = new URL('full-pipe.py', import.meta.url).pathname;
  const entries = Array.from({ length: 900 }, (_, i) => [`x${i}`, 1]);
  const manyOptions = JSON.stringify(Object.fromEntries(entries));
  const runPiped = (reader: 'reads' | 'closes', ...args: string[]) =>
    execa('python3', [helper, reader, EXECUTABLE, ...args], { reject: false });

  test('a run waits for the reader of a full pipe and then writes its whole answer', async () => {
    const { stdout, exitCode } = await runPiped('reads', manyOptions);
    expect(exitCode).toBe(1);
    expect(stdout.length).toBeGreaterThan(2 * 4096);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_arguments' } });
  });

  test('a run exits with status 1 when the reader closes the full pipe', async () => {
    const { exitCode, stderr } = await runPiped('closes', '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  });
});

describe.concurrent('signal handling', () => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  // Node.js preloads this script. It creates a file soon after the executable begins to handle
  // signals.
  const readinessPreload = join(directory, 'report-when-listening.cjs');
  writeFileSync(
    readinessPreload,
    `const report = () => require('node:fs').writeFileSync(process.env.LISTENING, '');
    process.on('newListener', (name) => name === 'SIGINT' && setTimeout(report, 100));\n`,
  );

  /**
   * Sends a signal to a run that is ready. Returns its answer, exit status and duration after the
   * signal.
   */
  async function interrupt(
    args: string[],
    signal: (typeof signals)[number],
    waitUntilReady: (isListening: () => boolean) => Promise<unknown>,
  ) {
    const listening = join(directory, `${Math.random()}.listening`);
    const env = { ...process.env, ...preload(readinessPreload), LISTENING: listening };
    const child = spawn(EXECUTABLE, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    const ended = once(child, 'close');
    await waitUntilReady(() => existsSync(listening));
    const start = performance.now();
    child.kill(signal);
    const [exitCode] = await ended;
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(2);
    const answer = JSON.parse(lines[0] ?? '') as Answer;
    return { answer, exitCode, ms: performance.now() - start };
  }

  const POLL = { timeout: 25_000, interval: 20 };
  const waitUntilListening = (isListening: () => boolean) =>
    vi.waitFor(() => expect(isListening()).toBe(true), POLL);
  /** Waits until this host has sent `times` requests. */
  const waitForRequests = (host: TestHost, times = 1) =>
    vi.waitFor(() => expect(host.requests()).toHaveLength(times), POLL);
  /**
   * The maximum duration of a run after a signal, shorter than the wait that the signal interrupts.
   */
  const MAX_END_MS = 10_000;
  test.for(signals)('%s ends a run that waits for a silent server', async (signal, { host }) => {
    host.hit({ kind: 'silence' });
    const { answer, exitCode, ms } = await interrupt([JSON.stringify(host.options)], signal, () =>
      waitForRequests(host),
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
    expect(ms).toBeLessThan(MAX_END_MS);
  });

  test('SIGHUP ends a run under nohup, because Node.js resets ignored signals', async ({
    host,
  }) => {
    host.hit({ kind: 'silence' });
    const args = [EXECUTABLE, JSON.stringify(host.options)];
    const running = execa('nohup', args, { stdin: 'ignore', reject: false });
    await waitForRequests(host);
    running.kill('SIGHUP');
    const { stdout, exitCode } = await running;
    expect(JSON.parse(stdout)).toMatchObject({ failed: true, error: { code: 'interrupted' } });
    expect(exitCode).toBe(1);
  });

  test('SIGTERM ends a run during a retry delay', async ({ host }) => {
    host.hit({ kind: 'status', status: 503, retryAfter: 30 });
    const { answer, ms } = await interrupt([JSON.stringify(host.options)], 'SIGTERM', async () => {
      await waitForRequests(host);
      // The retry delay begins when the 503 arrives.
      await sleep(300);
    });
    expect(answer).toMatchObject({ changed: false, error: { code: 'interrupted' } });
    expect(ms).toBeLessThan(MAX_END_MS);
  });

  test('when SIGTERM ends a run whose settings are still settling, the result has the written settings', async ({
    host,
  }) => {
    const { answer, ms } = await interrupt(
      [JSON.stringify({ ...host.options, display_name: 'web-1', settle: 60 })],
      'SIGTERM',
      () => waitForRequests(host, 3),
    );
    expect(answer).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'interrupted' },
      system: { displayName: 'web-1' },
    });
    expect(ms).toBeLessThan(MAX_END_MS);
  });

  test.for(signals)('%s ends a run that waits for the registration', async (signal, { enrol }) => {
    const host = await enrol({ write: false });
    const options = { ...host.options, registration_timeout: 60 };
    const { answer, exitCode, ms } = await interrupt(
      [JSON.stringify(options)],
      signal,
      waitUntilListening,
    );
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'interrupted' } });
    expect(exitCode).toBe(1);
    expect(ms).toBeLessThan(MAX_END_MS);
  });

  test.each(signals)('%s ends a run that waits for stdin to close', async (signal) => {
    const { answer, exitCode, ms } = await interrupt([], signal, waitUntilListening);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'interrupted' } });
    expect(exitCode).toBe(1);
    expect(ms).toBeLessThan(MAX_END_MS);
  });
});

describe.concurrent('result', () => {
  test('the result contains the parsed options with defaults', async ({ host }) => {
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
        expand_facts: false,
      },
    });
  });

  test.for([0, 1, '1', 2, '2', 3])(
    'the result contains API details only from verbosity 2 on (verbosity %j)',
    async (v, { host }) => {
      host.hit({ kind: 'status', status: 503, retryAfter: 0 });
      const { answer } = await runModule(SYSTEM, { ...host.options, _ansible_verbosity: v });
      const details = {
        base_url: host.options.api_url,
        requests: 2,
        retries: 1,
        clock_offset: expect.any(Number),
      };
      if (Number(v) < 2) expect(answer).not.toHaveProperty('api');
      else expect(answer['api']).toEqual(details);
    },
  );

  test('a failed result at verbosity 2 contains API details', async ({ enrol }) => {
    const host = await enrol({ ineligible: true });
    const { answer } = await runModule(SYSTEM, { ...host.options, _ansible_verbosity: 2 });
    expect(answer).toMatchObject({ failed: true, api: { requests: 1, retries: 0 } });
  });

  // A broken crypto module simulates a bug in the executable.
  const brokenCrypto = join(directory, 'broken-crypto.cjs');
  writeFileSync(
    brokenCrypto,
    "require('node:crypto').sign = () => { throw new TypeError('boom in crypto'); };\n",
  );
  test.for([0, 2, 3])(
    'an internal error contains its stack only at verbosity 3 (verbosity %i)',
    async (verbosity, { host }) => {
      const result = await runModule(
        SYSTEM,
        { ...host.options, _ansible_verbosity: verbosity },
        { env: preload(brokenCrypto) },
      );
      expect(result.answer).toMatchObject({
        changed: false,
        failed: true,
        error: { code: 'internal' },
      });
      expect(result.answer.msg).toMatch(/TypeError: boom in crypto/);
      expect('stack' in Object(result.answer.error)).toBe(verbosity === 3);
      expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    },
  );
});

describe.concurrent('registration_timeout', () => {
  test('a run with registration_timeout waits for the agent files', async ({ enrol }) => {
    const host = await enrol({ write: false });
    rmSync(host.agentDir, { recursive: true });
    const running = runModule(SYSTEM, { ...host.options, registration_timeout: 20 });
    await sleep(800);
    await host.writeFiles();
    const { answer } = await running;
    expect(answer).toMatchObject({ changed: false, system_id: host.systemId });
  });

  test('a run with registration_timeout waits until jcagent.conf is complete and has a systemKey', async ({
    host,
  }) => {
    const conf = join(host.agentDir, 'jcagent.conf');
    const completeConf = readFileSync(conf, 'utf8');
    writeFileSync(conf, completeConf.slice(0, 30));
    const running = runModule(SYSTEM, { ...host.options, registration_timeout: 20 });
    await sleep(700);
    writeFileSync(conf, '{"agentServerHost":"agent.jumpcloud.com"}');
    await sleep(700);
    writeFileSync(conf, completeConf);
    expect((await running).answer).toMatchObject({ changed: false, system_id: host.systemId });
  });

  test('the wait for the registration does not count towards timeout', async ({ enrol }) => {
    const host = await enrol({ write: false });
    const options = { ...host.options, timeout: 3, registration_timeout: 20 };
    const running = runModule(SYSTEM, options);
    await sleep(4000);
    await host.writeFiles();
    expect((await running).answer).toMatchObject({ changed: false });
  });

  test('a run that exceeds registration_timeout names the missing file', async ({ host }) => {
    rmSync(join(host.agentDir, 'client.key'));
    const start = performance.now();
    const { answer } = await runModule(SYSTEM, { ...host.options, registration_timeout: 1 });
    expect(performance.now() - start).toBeGreaterThan(1000);
    expect(answer).toMatchObject({ failed: true, error: { code: 'not_enrolled' } });
    expect(answer.msg).toMatch(/client\.key does not exist/);
    expect(host.requests()).toEqual([]);
  });

  test('a run with a pipe as client.key fails before registration_timeout', async ({ host }) => {
    rmSync(join(host.agentDir, 'client.key'));
    await execa('mkfifo', [join(host.agentDir, 'client.key')]);
    // A run that waited for this registration_timeout would exceed the time limit of the test.
    const { answer } = await runModule(SYSTEM, { ...host.options, registration_timeout: 90 });
    expect(answer).toMatchObject({ failed: true, error: { code: 'bad_identity' } });
  });
});

describe.concurrent('region', () => {
  const us = 'https://console.jumpcloud.com';
  const eu = 'https://console.eu.jumpcloud.com';
  const india = 'https://console.in.jumpcloud.com';
  const unknown =
    /^agentServerHost "agent\.mars\.jumpcloud\.com" .* no known region; the region "us" is assumed/;
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
    'with the option `region` set to %s and agentServerHost "%s", a run uses the API at %s',
    async ([region, agentServerHost, base, warning], { enrol }) => {
      const host = await enrol({ agentServerHost });
      const { answer } = await runModule(
        SYSTEM,
        { agent_dir: host.agentDir, region, timeout: 0.3, _ansible_verbosity: 2 },
        { env: { HTTPS_PROXY: `http://127.0.0.1:${await reserveClosedPort()}` } },
      );
      expect(answer).toMatchObject({
        failed: true,
        error: { code: 'unavailable' },
        api: { base_url: base },
      });
      expect(answer.msg).toMatch(new RegExp(`: ${base} .*gave no usable answer`));
      expect(answer.warnings).toEqual(warning ? [expect.stringMatching(warning)] : []);
    },
  );
});

/** Returns a loopback port without a listener. */
async function reserveClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = Object(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
