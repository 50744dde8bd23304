import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterAll, describe, expect } from 'vitest';
import type { Module } from '../../src/module.ts';
import type { ModuleName } from '../../src/modules.ts';
import type { Emulator } from '../emulator/emulator.ts';
import type { EnrolledHost } from '../emulator/enrol.ts';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import { executablePath, runRaw } from '../harness/executable.ts';
import fc from '../harness/fast-check.ts';
import { test } from '../harness/fixture.ts';
import { sampleSize } from '../harness/sample-size.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { type CallContext, type OddCall, oddCalls } from './odd-calls.ts';

// FUZZ_RUNS sets the number of cases. FUZZ_SEED sets the seed.
const RUNS = Number(process.env['FUZZ_RUNS'] ?? sampleSize(2000));
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const EXECUTABLE_RUNS = sampleSize(150);

const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
const outcomes: Record<string, number> = {};
let emulator: Emulator;
let host: EnrolledHost;
let context: CallContext;

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await emulator.enrol();
  const { agentDir, systemId } = host;
  const objects = addSampleObjects(emulator.store, systemId);
  mkdirSync(join(directory, 'empty'));
  writeFileSync(join(directory, 'file'), 'text');
  writeFileSync(
    join(directory, 'options.json'),
    JSON.stringify({ agent_dir: agentDir, ...makeHarmlessOptions() }),
  );
  const agentDirs = Array<string>(12).fill(agentDir);
  const others = [
    'empty',
    'file',
    'none',
    'file/none',
    'options.json',
    'x'.repeat(5000),
    '$HOME/$X',
  ];
  context = {
    ids: [systemId, ...objects.map(({ id }) => id)],
    paths: [...agentDirs, ...others.map((name) => join(directory, name)), '/dev/null', '/dev/zero'],
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
  console.log(`Answers of the fuzzed calls: ${JSON.stringify(outcomes)}`);
});

/** Returns options that make a call connect only to the emulator and end within seconds. */
const makeHarmlessOptions = () => ({
  api_url: emulator.url,
  timeout: 5,
  request_timeout: 5,
  registration_timeout: 0,
});

/** Restores the record of the host and the files of its agent. */
async function restoreHost(): Promise<void> {
  await host.writeFiles();
  rmSync(join(host.agentDir, '.removed-from-jumpcloud'), { force: true });
  rmSync(join(host.agentDir, '.removing-from-jumpcloud'), { force: true });
  const { store } = emulator;
  if (store.systems.has(host.systemId)) return;
  const again = await emulator.enrol({ agentDir: host.agentDir, systemId: host.systemId });
  await again.writeFiles();
}

/** Checks the properties that every answer must have. */
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
    const impossibleCodes = [
      'internal',
      'interrupted',
      'not_applied',
      'unauthorized',
      'unavailable',
    ];
    expect(impossibleCodes, answer.msg).not.toContain(answer.error.code);
    if (answer.error.code === 'invalid_arguments') expect(requests).toBe(0);
  }
  expect(answer.msg.length).toBeLessThan(20_000);
  expect(stdout).not.toMatch(
    /\.[jt]s:\d+:\d+|node:internal|\bat \w+ \(|TypeError|RangeError|\[object /,
  );
  expect(await findLeakedSecrets(stdout, emulator.requests)).toEqual([]);
  const outcome = answer.failed ? answer.error.code : answer.changed ? 'changed' : 'unchanged';
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

/** Changes options so that a call connects only to the emulator and does not wait. */
const restrictOptions = (values: Record<string, unknown>): Record<string, unknown> => {
  const limit = (name: string, max: number, target = values) => {
    if (name in target) target[name] = Math.min(Number(target[name]), max);
  };
  values['api_url'] = emulator.url;
  values['proxy'] = undefined;
  if ('stop_agent' in values) values['stop_agent'] = false;
  values['request_timeout'] = 5;
  values['timeout'] = 5;
  limit('registration_timeout', 0.02);
  limit('settle', 0.02);
  if (values['system'] !== undefined) {
    const system = { ...Object(values['system']) };
    limit('settle', 0.02, system);
    values['system'] = system;
  }
  return values;
};

/** Returns a module that applies `restrictOptions` to its options after their validation. */
function wrapModule(name: ModuleName): Module {
  const module: Module = moduleNamed(name);
  return {
    ...module,
    run: (values, run, expand) =>
      module.run(restrictOptions({ ...values }), run, async () =>
        restrictOptions({ ...(await expand()) }),
      ),
  };
}

test(`each of ${RUNS} random calls in this process returns a valid answer`, {
  timeout: 60_000 + RUNS * 50,
}, async () => {
  await fc.assert(
    fc
      .asyncProperty(oddCalls(context), async ({ module, words, input }: OddCall) => {
        emulator.clearRequests();
        const stdin = () => Readable.from(input === undefined ? [] : [Buffer.from(input)]);
        const { text } = await callInProcess(wrapModule(module), words, { stdin });
        await expectAnswer(text, emulator.requests.length);
      })
      .afterEach(restoreHost),
    { numRuns: RUNS, seed: SEED },
  );
});

test(`each of ${EXECUTABLE_RUNS} random calls of the executables returns a valid answer`, {
  timeout: 120_000,
}, async () => {
  // An argument cannot contain NUL. Flags that print text instead of JSON are left out.
  const calls = fc.sample(
    oddCalls({
      ...context,
      fixedOptions: { ...makeHarmlessOptions(), proxy: null, settle: 0, stop_agent: false },
    }).filter(
      ({ words }) =>
        words.every((word) => !word.includes('\0') && word.length < 100_000) &&
        !words.some((word) => word === '--help' || word === '--version' || word === '/dev/zero'),
    ),
    { numRuns: EXECUTABLE_RUNS, seed: SEED },
  );
  await mapConcurrently(calls, 4, async ({ module, words, input }) => {
    const callHost = await emulator.enrol();
    const localize = (text: string) => text.replaceAll(host.agentDir, callHost.agentDir);
    const { stdout, stderr, exitCode } = await execa(executablePath(module), words.map(localize), {
      input: localize(input ?? ''),
      reject: false,
      stripFinalNewline: false,
      timeout: 30_000,
    });
    await callHost.remove();
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toHaveLength(2);
    const { failed, changed } = JSON.parse(stdout);
    const detailed = words.includes('--detailed-exitcode') && changed ? 2 : 0;
    expect(exitCode).toBe(failed ? 1 : detailed);
    const requests = emulator.requests.filter(({ systemId }) => systemId === callHost.systemId);
    await expectAnswer(stdout, requests.length);
  });
});

describe('input that is hard to parse', () => {
  const nest = (depth: number) => `{"display_name":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  const rows: [what: string, text: () => string, code: string, message: RegExp][] = [
    [
      'options nested 101 levels deep',
      () => nest(101),
      'invalid_arguments',
      /nested more than 100 levels deep/,
    ],
    [
      'options nested 200,000 levels deep',
      () => nest(200_000),
      'invalid_arguments',
      /nested more than 100 levels/,
    ],
    ['truncated nested lists', () => '['.repeat(200_000), 'invalid_arguments', /is not JSON/],
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
      'many keys and a duplicate',
      () =>
        `{${Array.from({ length: 1e5 }, (_, i) => `"k${i}":0`).join(',')},"k99999"${' '.repeat(200)}:0}`,
      'invalid_arguments',
      /contains the key "k99999" twice/,
    ],
    [
      'options of 33 MiB',
      () => `{"display_name":"${'a'.repeat(33 * 1024 * 1024)}"}`,
      'invalid_arguments',
      /larger than 16 MiB/,
    ],
    [
      'an object that cannot be converted to text',
      () => '{"proxy":{"toString":1},"api_url":[{"valueOf":null}]}',
      'invalid_arguments',
      /(^|\. )proxy: expected an http/,
    ],
    [
      'an endless certificate bundle',
      () => '{"ca_path":"/dev/zero"}',
      'invalid_arguments',
      /^ca_path: \/dev\/zero is not a regular file$/,
    ],
  ];
  test.each(rows)('a call with %s fails with a short message', async (_, text, code, message) => {
    const path = join(directory, 'hard.json');
    writeFileSync(path, text());
    for (const result of [
      await runRaw('jumpcloud_system', [path], undefined),
      await runRaw('jumpcloud_system', ['-'], text()),
    ]) {
      expect(result.answer).toMatchObject({ failed: true, changed: false, error: { code } });
      expect(result.answer.msg).toMatch(message);
      expect(result.answer.msg.length).toBeLessThan(3000);
      expect(result.stderr).toBe('');
    }
  });

  test.each(['ca_path', 'options'])('a named pipe as %s file is refused', async (what) => {
    const pipe = join(directory, `pipe-${what}`);
    await execa('mkfifo', [pipe]);
    const word = what === 'options' ? pipe : JSON.stringify({ ca_path: pipe });
    const { answer } = await runRaw('jumpcloud_system', [word], undefined);
    expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
    expect(answer.msg).toContain('is not a regular file');
  });

  test('SIGTERM ends a run that reads from a pipe without a writer', async () => {
    const pipe = join(directory, 'pipe-opened');
    await execa('mkfifo', [pipe]);
    const line = 'exec 3<>"$0"; exec "$1" /dev/fd/3';
    const words = ['-c', line, pipe, executablePath('jumpcloud_system')];
    const child = execa('sh', words, { reject: false });
    // The shell opens the pipe, then the executable opens it again. After that, the executable
    // waits for input.
    const countOpenPipes = () =>
      readdirSync(`/proc/${child.pid}/fd`).filter(
        (fd) => readLinkTarget(`/proc/${child.pid}/fd/${fd}`) === pipe,
      ).length;
    await expect.poll(countOpenPipes, { timeout: 10_000 }).toBe(2);
    child.kill('SIGTERM');
    const { stdout, exitCode } = await child;
    const code = 'interrupted';
    expect(JSON.parse(stdout)).toMatchObject({ failed: true, changed: false, error: { code } });
    expect(exitCode).toBe(1);
  });
});

function readLinkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
