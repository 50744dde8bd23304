import { execa } from 'execa';
import { beforeAll, describe, expect, vi } from 'vitest';
import {
  readDocumentation,
  readSharedDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { renderHelp } from '../../scripts/build/render-help.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import { executablePath, HOST_MODULES, MODULES, type ModuleName } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { fullCall, type Options, sampleCallsOf } from '../harness/furniture.ts';

/** What stands in the place of an option's name is no name that anybody knows. */
const SECRET = 'hunter2';

/** A closed port: nothing leaves this machine, even if it is enrolled itself. */
const NOWHERE = 'http://127.0.0.1:9';

beforeAll(() => {
  vi.stubEnv('HTTPS_PROXY', NOWHERE);
  for (const name of ['JUMPCLOUD_API_KEY', 'JUMPCLOUD_ORG_ID']) vi.stubEnv(name, '');
  return () => vi.unstubAllEnvs();
});

interface Answered {
  readonly text: string;
  readonly exitCode: number | undefined;
}
type Call = (words: readonly string[], input?: string) => Promise<Answered>;

/** The two ways of calling a module: its built executable, and in this process. */
async function waysTo(name: ModuleName): Promise<{ executable: Call; inProcess: Call }> {
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
      callInProcess(moduleNamed(name), words, { help: () => help, stdin: inputOf(input) }),
  };
}

function inputOf(text: string) {
  return async function* () {
    if (text !== '') yield Buffer.from(text);
  };
}

const given = (options: Options) => JSON.stringify(options);

describe.concurrent.each(MODULES)('%s', (name) => {
  const { good, bad } = sampleCallsOf(name);
  const none = { ...good, ...(HOST_MODULES.includes(name) && { agent_dir: '/nonexistent' }) };
  const drifted = { ...good, displya: SECRET, timeout: 'soon' };
  const rows: [what: string, words: string[], input?: string][] = [
    ['mistyped, with a second problem', [given(drifted)]],
    ['mistyped, with options that do not go together', [given({ displya: SECRET, ...bad })]],
    ['a bad call', [given(bad)]],
    ['a bad call with -vvv', [given({ ...bad, _ansible_verbosity: 3 })]],
    ['on a host that is not enrolled, or without a key', [given(none)]],
    ['the same from standard input', ['-'], given(none)],
    ['without options', ['--check']],
    ['without options, from standard input', ['-', '--check']],
    ['what is no object', ['-'], '[]'],
    ['two places', ['-', '/nonexistent/file']],
    ['a file that is not there', ['/nonexistent/file']],
    ['an unknown flag', ['{}', '--chekc']],
    ['--help', ['--help']],
  ];
  test.each(rows)('answers the same both ways: %s', async (_, words, input) => {
    const { executable, inProcess } = await waysTo(name);
    const built = await executable(words, input);
    expect(await inProcess(words, input)).toEqual(built);
    expect(built.text).not.toContain(SECRET);
  });

  test('reports both problems of the mistyped call, and hides what may be a secret', async () => {
    const { text, exitCode } = await (await waysTo(name)).inProcess([given(drifted)]);
    const { msg, error } = JSON.parse(text);
    expect(error.code).toBe('invalid_arguments');
    expect(msg).toMatch(/\bdisplya\b.*\btimeout\b/);
    // What the options say together is checked too, and may be a third one.
    expect(error.problems.length).toBeGreaterThanOrEqual(2);
    expect(exitCode).toBe(1);
  });
});

describe.concurrent.each(HOST_MODULES)('%s', (name) => {
  test('does the same to a host both ways: predicted, changed, and found as it should be', async ({
    emulator,
    enrol,
  }) => {
    const { executable, inProcess } = await waysTo(name);
    const options = fullCall(name, (type) => emulator.store.addNamed(type, type));
    const life = async (call: Call) => {
      const host = await enrol();
      const text = given({ ...host.options, ...options });
      const answers = [
        await call([text, '--check', '--diff']),
        await call([text, '--diff', '--detailed-exitcode']),
        await call(['-', '--diff', '--detailed-exitcode'], text),
      ];
      return answers.map((answer) => ({
        ...answer,
        text: answer.text.replaceAll(host.agentDir, 'DIR').replaceAll(host.systemId, 'SYSTEM'),
      }));
    };
    const built = await life(executable);
    expect(await life(inProcess)).toEqual(built);
    const changes = sampleCallsOf(name).changing === undefined ? 0 : 2;
    expect(built.map(({ exitCode }) => exitCode)).toEqual([0, changes, 0]);
  });
});
