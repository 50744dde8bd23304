import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, describe, expect } from 'vitest';
import type { Module } from '../../src/module.ts';
import type { ModuleName } from '../../src/modules.ts';
import type { Emulator } from '../emulator/emulator.ts';
import type { EnrolledHost } from '../emulator/enrol.ts';
import { enrolForCalls } from '../emulator/furnish.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import { executablePath, runRaw } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { leaks } from './leaks.ts';
import { type OddCall, oddCalls, type Surroundings } from './odd-calls.ts';
import { sideBySide } from './side-by-side.ts';

// FUZZ_RUNS asks for more cases than the usual ones, FUZZ_SEED for others.
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const PROCESSES = 150;

const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
const seen: Record<string, number> = {};
let emulator: Emulator;
let host: EnrolledHost;
let around: Surroundings;

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await emulator.enrol();
  const { agentDir, systemId } = host;
  const objects = enrolForCalls(emulator.store, systemId);
  mkdirSync(join(directory, 'empty'));
  writeFileSync(join(directory, 'file'), 'text');
  writeFileSync(
    join(directory, 'options.json'),
    JSON.stringify({ agent_dir: agentDir, ...harmless() }),
  );
  const own = Array<string>(12).fill(agentDir);
  const others = [
    'empty',
    'file',
    'none',
    'file/none',
    'options.json',
    'x'.repeat(5000),
    '$HOME/$X',
  ];
  around = {
    ids: [systemId, ...objects.map(({ id }) => id)],
    paths: [...own, ...others.map((name) => join(directory, name)), '/dev/null', '/dev/zero'],
    urls: [
      emulator.url,
      `${emulator.url}/`,
      'http://127.0.0.1:9',
      'http://127.0.0.1:0',
      'http://[::1]:9',
      'https://localhost:9',
      'http://u:p%ff@localhost:9',
      'http://localhost',
      'https://[',
      'ftp://localhost',
      'https://u@localhost',
    ],
  };
});
afterAll(() => {
  rmSync(directory, { recursive: true });
  console.log(`Answers of the fuzzed calls: ${JSON.stringify(seen)}`);
});

/** Options with which a call talks to the emulator only, and not for long. */
const harmless = () => ({
  api_url: emulator.url,
  timeout: 5,
  request_timeout: 5,
  registration_timeout: 0,
});

/** The host as it was before: registered, with its files, and with something of everything. */
async function restore(): Promise<void> {
  await host.writeFiles();
  rmSync(join(host.agentDir, '.removed-from-jumpcloud'), { force: true });
  rmSync(join(host.agentDir, '.removing-from-jumpcloud'), { force: true });
  const { store } = emulator;
  if (store.systems.has(host.systemId)) return;
  const again = await emulator.enrol({ agentDir: host.agentDir, systemId: host.systemId });
  await again.writeFiles();
}

/** What every answer is, whatever was asked. */
async function expectAnswer(stdout: string, requests: number): Promise<void> {
  expect(stdout.endsWith('\n')).toBe(true);
  const answer = JSON.parse(stdout);
  expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
  expect(typeof answer.changed).toBe('boolean');
  expect(typeof answer.msg).toBe('string');
  expect(answer.warnings.every((warning: unknown) => typeof warning === 'string')).toBe(true);
  if (answer.failed) {
    expect(answer.failed).toBe(true);
    expect(answer.msg).not.toBe('');
    expect(answer.error.code).toMatch(/^[a-z_]+$/);
    const never = ['internal', 'interrupted', 'not_applied', 'unauthorized', 'unavailable'];
    expect(never, answer.msg).not.toContain(answer.error.code);
    if (answer.error.code === 'invalid_arguments') expect(requests).toBe(0);
  }
  expect(answer.msg.length).toBeLessThan(20_000);
  expect(stdout).not.toMatch(
    /\.[jt]s:\d+:\d+|node:internal|\bat \w+ \(|TypeError|RangeError|\[object /,
  );
  expect(await leaks(stdout, emulator.requests)).toEqual([]);
  const outcome = answer.failed ? answer.error.code : answer.changed ? 'changed' : 'unchanged';
  seen[outcome] = (seen[outcome] ?? 0) + 1;
}

/** Only the emulator is spoken to, and nothing is waited for. */
const tame = (values: Record<string, unknown>): Record<string, unknown> => {
  const bounded = (name: string, most: number, of = values) => {
    if (name in of) of[name] = Math.min(Number(of[name]), most);
  };
  values['api_url'] = emulator.url;
  values['proxy'] = undefined;
  if ('stop_agent' in values) values['stop_agent'] = false;
  values['request_timeout'] = 5;
  values['timeout'] = 5;
  bounded('registration_timeout', 0.02);
  bounded('settle', 0.02);
  if (values['system'] !== undefined) {
    const system = { ...Object(values['system']) };
    bounded('settle', 0.02, system);
    values['system'] = system;
  }
  return values;
};

/** A module that runs with options that were made harmless after they were found valid. */
function tamed(name: ModuleName): Module {
  const module: Module = moduleNamed(name);
  return { ...module, run: (values, run) => module.run(tame({ ...values }), run) };
}

test(`${RUNS} calls of any kind get an answer each`, { timeout: 60_000 + RUNS * 50 }, async () => {
  await fc.assert(
    fc
      .asyncProperty(oddCalls(around), async ({ module, words, input }: OddCall) => {
        emulator.clearRequests();
        const stdin = () => Readable.from(input === undefined ? [] : [Buffer.from(input)]);
        const { text } = await callInProcess(tamed(module), words, { stdin });
        await expectAnswer(text, emulator.requests.length);
      })
      .afterEach(restore),
    { numRuns: RUNS, seed: SEED },
  );
});

test(`${PROCESSES} of them through the executables`, { timeout: 120_000 }, async () => {
  // A process takes no NUL in its words, and prints text for --help and --version.
  const calls = fc.sample(
    oddCalls({
      ...around,
      always: { ...harmless(), proxy: null, settle: 0, stop_agent: false },
    }).filter(
      ({ words }) =>
        words.every((word) => !word.includes('\0') && word.length < 100_000) &&
        !words.some((word) => word === '--help' || word === '--version' || word === '/dev/zero'),
    ),
    { numRuns: PROCESSES, seed: SEED },
  );
  await sideBySide(calls, 4, async ({ module, words, input }) => {
    const own = await emulator.enrol();
    const mine = (text: string) => text.replaceAll(host.agentDir, own.agentDir);
    const { stdout, stderr, exitCode } = await execa(executablePath(module), words.map(mine), {
      input: mine(input ?? ''),
      reject: false,
      stripFinalNewline: false,
      timeout: 30_000,
    });
    await own.remove();
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toHaveLength(2);
    const { failed, changed } = JSON.parse(stdout);
    const detailed = words.includes('--detailed-exitcode') && changed ? 2 : 0;
    expect(exitCode).toBe(failed ? 1 : detailed);
    const requests = emulator.requests.filter(({ systemId }) => systemId === own.systemId);
    await expectAnswer(stdout, requests.length);
  });
});

describe('what is hard to read gets an answer all the same', () => {
  const deep = (depth: number) => `{"display_name":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  const rows: [what: string, text: () => string, code: string, message: RegExp][] = [
    ['nested deeply', () => deep(101), 'invalid_arguments', /nested more than 100 levels deep/],
    ['nested very deeply', () => deep(200_000), 'invalid_arguments', /nested more than 100 levels/],
    ['nested and cut', () => '['.repeat(200_000), 'invalid_arguments', /is not JSON/],
    [
      'a long string',
      () => JSON.stringify({ agent_dir: directory, display_name: 'a'.repeat(1.6e7) }),
      'not_enrolled',
      /jcagent\.conf does not exist/,
    ],
    [
      'a string of quotes and backslashes',
      () => JSON.stringify({ agent_dir: directory, display_name: '\\"'.repeat(4e6) }),
      'not_enrolled',
      /jcagent\.conf does not exist/,
    ],
    [
      'a long list of keys, the last one twice',
      () =>
        `{${Array.from({ length: 1e5 }, (_, i) => `"k${i}":0`).join(',')},"k99999"${' '.repeat(200)}:0}`,
      'invalid_arguments',
      /names the key "k99999" twice/,
    ],
    [
      'more than anybody would ask for',
      () => `{"display_name":"${'a'.repeat(33 * 1024 * 1024)}"}`,
      'invalid_arguments',
      /larger than 16 MiB/,
    ],
    [
      'an object that cannot be text',
      () => '{"proxy":{"toString":1},"api_url":[{"valueOf":null}]}',
      'invalid_arguments',
      /(^|\. )proxy: expected an http/,
    ],
    [
      'a bundle of certificates that never ends',
      () => '{"ca_path":"/dev/zero"}',
      'invalid_arguments',
      /^ca_path: \/dev\/zero is not a regular file$/,
    ],
  ];
  test.each(rows)('%s', async (_, text, code, message) => {
    const path = join(directory, 'hard.json');
    writeFileSync(path, text());
    for (const ran of [
      await runRaw('jumpcloud_system', [path], undefined),
      await runRaw('jumpcloud_system', ['-'], text()),
    ]) {
      expect(ran.answer).toMatchObject({ failed: true, changed: false, error: { code } });
      expect(ran.answer.msg).toMatch(message);
      expect(ran.answer.msg.length).toBeLessThan(3000);
      expect(ran.stderr).toBe('');
    }
  });

  test.each(['ca_path', 'options'])('a pipe in the place of a file, as %s', async (what) => {
    const pipe = join(directory, `pipe-${what}`);
    await execa('mkfifo', [pipe]);
    const word = what === 'options' ? pipe : JSON.stringify({ ca_path: pipe });
    const { answer } = await runRaw('jumpcloud_system', [word], undefined);
    expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
    expect(answer.msg).toContain('is not a regular file');
  });

  test('a pipe that the caller has opened and nobody writes to ends with a signal', async () => {
    const pipe = join(directory, 'pipe-opened');
    await execa('mkfifo', [pipe]);
    const line = 'exec 3<>"$0"; exec "$1" /dev/fd/3';
    const words = ['-c', line, pipe, executablePath('jumpcloud_system')];
    const child = execa('sh', words, { reject: false });
    // The process has opened the pipe once more when it waits.
    const waits = () =>
      readdirSync(`/proc/${child.pid}/fd`).filter(
        (fd) => linkOf(`/proc/${child.pid}/fd/${fd}`) === pipe,
      ).length;
    await expect.poll(waits, { timeout: 10_000 }).toBe(2);
    child.kill('SIGTERM');
    const { stdout, exitCode } = await child;
    const code = 'interrupted';
    expect(JSON.parse(stdout)).toMatchObject({ failed: true, changed: false, error: { code } });
    expect(exitCode).toBe(1);
  });
});

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
