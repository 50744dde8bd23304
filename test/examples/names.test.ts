import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { executablePath, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { quoteForShell } from '../terminal.ts';
import { hasPrograms } from './has-programs.ts';
import { makeSandbox, type Sandbox } from './sandbox.ts';

const SCRIPT = 'names/names.sh';

let emulator: Emulator;
let apiKey: string;
let sandbox: Sandbox;
let ids: Record<'web' | 'team' | 'ada' | 'barbara', string>;
test.beforeAll(({ emulator: sharedEmulator }) => {
  emulator = sharedEmulator;
  const { store } = emulator;
  apiKey = store.addApiKey();
  ids = {
    web: store.addNamed('system_group', 'web'),
    team: store.addNamed('user_group', 'team'),
    ada: store.addNamed('user', 'ada'),
    barbara: store.addNamed('user', 'barbara'),
  };
});
beforeEach(async () => {
  sandbox = await makeSandbox(emulator);
  const addApiUrl = quoteForShell(`1s|^ *{|{"api_url":"${emulator.url}",|`);
  await sandbox.writeProgram(
    '/usr/bin/jumpcloud_names',
    `sed -e ${addApiUrl} | exec ${quoteForShell(executablePath('jumpcloud_names'))} "$@"`,
  );
  return () => sandbox.remove();
});

describe.runIf(hasPrograms(SCRIPT, 'jq'))('the CI job names/names.sh', () => {
  const runJob = async (change?: (text: string) => string, key = apiKey) =>
    execa(await sandbox.place(SCRIPT, change), {
      cwd: sandbox.directory,
      env: { ...sandbox.env, JUMPCLOUD_API_KEY: key },
      reject: false,
    });
  const readNames = () => readFile(join(sandbox.directory, 'names.json'), 'utf8');

  test('two runs of names.sh write the same names.json, and jumpcloud_host accepts the file', async () => {
    expect(await runJob()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const first = await readNames();
    expect(JSON.parse(first)).toEqual({
      system_group: { web: ids.web },
      user_group: { team: ids.team },
      user: { ada: ids.ada, barbara: ids.barbara },
    });
    expect(first.split('\n').length).toBeGreaterThan(10);
    expect(first).not.toContain(apiKey);
    await runJob();
    expect(await readNames()).toBe(first);

    const { agentDir, systemId } = sandbox.host;
    const { answer } = await runModule('jumpcloud_host', {
      agent_dir: agentDir,
      api_url: emulator.url,
      names: join(sandbox.directory, 'names.json'),
      groups: ['web'],
      users: ['ada'],
    });
    expect(answer, answer.msg).toMatchObject({ changed: true });
    expect(emulator.store.groupsOf(systemId)).toEqual([ids.web]);
  });

  test('an unknown name or refused API key is reported and names.json is unchanged', async () => {
    await writeFile(join(sandbox.directory, 'names.json'), '{}\n');
    const misspelled = await runJob((text) => text.replace('"barbara"', '"babara"'));
    expect(misspelled).toMatchObject({ exitCode: 1, stdout: '' });
    expect(misspelled.stderr).toMatch(/there is no user "babara"; did you mean barbara\?/);
    const refused = await runJob(undefined, 'f'.repeat(40));
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('does not accept the API key (401)');
    expect(await readNames()).toBe('{}\n');
  });
});

test('sh -n finds no syntax error in names/names.sh', async () => {
  await execa('sh', ['-n', await sandbox.place(SCRIPT)]);
});
test.runIf(hasPrograms('shellcheck over names/names.sh', 'shellcheck'))(
  'shellcheck finds nothing in names/names.sh',
  async () => {
    await execa('shellcheck', [await sandbox.place(SCRIPT)]);
  },
);
