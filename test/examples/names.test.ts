import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { executablePath, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { quoted } from '../terminal.ts';
import { hasTool } from './has-tool.ts';
import { makeSandbox, type Sandbox } from './sandbox.ts';

const SCRIPT = 'names/names.sh';

let emulator: Emulator;
let apiKey: string;
let sandbox: Sandbox;
let ids: Record<'web' | 'team' | 'ada' | 'barbara', string>;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
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
  const place = quoted(`1s|^ *{|{"api_url":"${emulator.url}",|`);
  await sandbox.program(
    '/usr/local/lib/jumpcloud/jumpcloud_names',
    `sed -e ${place} | exec ${quoted(executablePath('jumpcloud_names'))} "$@"`,
  );
  return () => sandbox.remove();
});

describe.runIf(hasTool(SCRIPT, 'jq'))('a CI job for names', () => {
  const job = async (change?: (text: string) => string, key = apiKey) =>
    execa(await sandbox.place(SCRIPT, change), {
      cwd: sandbox.directory,
      env: { ...sandbox.env, JUMPCLOUD_API_KEY: key },
      reject: false,
    });
  const written = () => readFile(join(sandbox.directory, 'names.json'), 'utf8');

  test('writes a file that is the same the next time, and that a host takes', async () => {
    expect(await job()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const first = await written();
    expect(JSON.parse(first)).toEqual({
      system_group: { web: ids.web },
      user_group: { team: ids.team },
      user: { ada: ids.ada, barbara: ids.barbara },
    });
    expect(first.split('\n').length).toBeGreaterThan(10);
    expect(first).not.toContain(apiKey);
    await job();
    expect(await written()).toBe(first);

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

  test('says what is wrong, and leaves the file as it was', async () => {
    await writeFile(join(sandbox.directory, 'names.json'), '{}\n');
    const misspelt = await job((text) => text.replace('"barbara"', '"babara"'));
    expect(misspelt).toMatchObject({ exitCode: 1, stdout: '' });
    expect(misspelt.stderr).toMatch(/there is no user "babara"; did you mean barbara\?/);
    const refused = await job(undefined, 'f'.repeat(40));
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('does not accept the API key (401)');
    expect(await written()).toBe('{}\n');
  });
});

test('names/names.sh is a shell script without a mistake', async () => {
  await execa('sh', ['-n', await sandbox.place(SCRIPT)]);
});
test.runIf(hasTool('shellcheck over names/names.sh', 'shellcheck'))(
  'shellcheck finds nothing in names/names.sh',
  async () => {
    await execa('shellcheck', [await sandbox.place(SCRIPT)]);
  },
);
