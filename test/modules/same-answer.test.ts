import { execa } from 'execa';
import { beforeAll, describe, expect, vi } from 'vitest';
import {
  readDocumentation,
  readSharedDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { renderHelp } from '../../scripts/build/render-help.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import {
  executablePath,
  HOST_MODULE_NAMES,
  MODULE_NAMES,
  type ModuleName,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { fullOptions, type Options, sampleCallsOf } from '../harness/sample-calls.ts';

/** A secret as the value of a mistyped option. */
const SECRET = 'hunter2';

/**
 * The URL of a closed port. It keeps requests on this machine, even if this machine is enrolled.
 */
const CLOSED_PORT_URL = 'http://127.0.0.1:9';

beforeAll(() => {
  vi.stubEnv('HTTPS_PROXY', CLOSED_PORT_URL);
  for (const name of ['JUMPCLOUD_API_KEY', 'JUMPCLOUD_ORG_ID']) vi.stubEnv(name, '');
  return () => vi.unstubAllEnvs();
});

interface CallResult {
  readonly text: string;
  readonly exitCode: number | undefined;
}
type Call = (words: readonly string[], input?: string) => Promise<CallResult>;

/** Returns functions that call a module as an executable and in this process. */
async function makeCallers(name: ModuleName): Promise<{ executable: Call; inProcess: Call }> {
  const help = renderHelp(await readDocumentation(name), await readSharedDocumentation());
  return {
    executable: async (words, input = '') => {
      const child = execa(executablePath(name), [...words], {
        input,
        reject: false,
        stripFinalNewline: false,
      });
      const { stdout, stderr, exitCode } = await child;
      expect(stderr).toBe('');
      return { text: stdout, exitCode };
    },
    inProcess: (words, input = '') =>
      callInProcess(moduleNamed(name), words, { help: () => help, stdin: toStdin(input) }),
  };
}

function toStdin(text: string) {
  return async function* () {
    if (text !== '') yield Buffer.from(text);
  };
}

const toArgument = (options: Options) => JSON.stringify(options);

describe.concurrent.each(MODULE_NAMES)('%s', (name) => {
  const { good, bad } = sampleCallsOf(name);
  const notEnrolled = {
    ...good,
    ...(HOST_MODULE_NAMES.includes(name) && { agent_dir: '/nonexistent' }),
  };
  const mistyped = { ...good, displya: SECRET, timeout: 'soon' };
  const rows: [what: string, words: string[], input?: string][] = [
    ['a mistyped option and a second problem', [toArgument(mistyped)]],
    ['a mistyped option and invalid options', [toArgument({ displya: SECRET, ...bad })]],
    ['invalid options', [toArgument(bad)]],
    ['invalid options with -vvv', [toArgument({ ...bad, _ansible_verbosity: 3 })]],
    ['a missing enrolment or API key', [toArgument(notEnrolled)]],
    ['a missing enrolment or API key, from stdin', ['-'], toArgument(notEnrolled)],
    ['no options', ['--check']],
    ['empty stdin', ['-', '--check']],
    ['options that are not an object', ['-'], '[]'],
    ['two sources of options', ['-', '/nonexistent/file']],
    ['a file that does not exist', ['/nonexistent/file']],
    ['an unknown flag', ['{}', '--chekc']],
    ['--help', ['--help']],
  ];
  test.each(rows)(
    `a call of ${name} with %s gives the same answer in this process and as an executable`,
    async (_, words, input) => {
      const { executable, inProcess } = await makeCallers(name);
      const built = await executable(words, input);
      expect(await inProcess(words, input)).toEqual(built);
      expect(built.text).not.toContain(SECRET);
    },
  );

  test(`${name} reports a misspelt option and a second problem together`, async () => {
    const { text, exitCode } = await (await makeCallers(name)).inProcess([toArgument(mistyped)]);
    const { msg, error } = JSON.parse(text);
    expect(error.code).toBe('invalid_arguments');
    expect(msg).toMatch(/\bdisplya\b.*\btimeout\b/);
    // The check of option combinations may report a third problem.
    expect(error.problems.length).toBeGreaterThanOrEqual(2);
    expect(exitCode).toBe(1);
  });
});

describe.concurrent.each(HOST_MODULE_NAMES)('%s', (name) => {
  test(`when ${name} changes a host, a call in the test process gives the same answers as the executable`, async ({
    emulator,
    enrol,
  }) => {
    const { executable, inProcess } = await makeCallers(name);
    const options = fullOptions(name, (type) => emulator.store.addNamed(type, type));
    const checkThenRunTwice = async (call: Call) => {
      const host = await enrol();
      const text = toArgument({ ...host.options, ...options });
      const answers = [
        await call([text, '--check', '--diff']),
        await call([text, '--diff', '--detailed-exitcode']),
        await call(['-', '--diff', '--detailed-exitcode'], text),
      ];
      return answers.map((answer) => ({
        ...answer,
        text: answer.text
          .replaceAll(host.agentDir, 'DIR')
          .replaceAll(host.systemId, 'SYSTEM')
          // On a busy machine, an answer can arrive a second later, which changes clock_offset.
          .replace(/"clock_offset":-?\d+/, '"clock_offset":0'),
      }));
    };
    const built = await checkThenRunTwice(executable);
    expect(await checkThenRunTwice(inProcess)).toEqual(built);
    const changes = sampleCallsOf(name).changing === undefined ? 0 : 2;
    expect(built.map(({ exitCode }) => exitCode)).toEqual([0, changes, 0]);
  });
});
