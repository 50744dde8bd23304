import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { predictionOf } from '../../harness/executable.ts';
import { program, type Stage, stages, TOMBSTONE } from './stage.ts';

const { enrol, folder } = stages();
const TOOLS = { systemctl: 'stop jcagent', service: 'jcagent stop', launchctl: 'stop jcagent' };
type Tool = keyof typeof TOOLS;

/** A folder with service managers that note how they were called, then do as told. */
function managers(tools: readonly Tool[], does = ''): { path: string; log: string } {
  const path = folder();
  const log = join(path, 'log');
  for (const tool of tools) {
    const environment = `/usr/bin/tr '\\0' '\\n' < /proc/$$/environ > ${log}.env`;
    program(path, tool, `echo ${tool} "$@" >> ${log}\n${environment}\n${does}`);
  }
  return { path, log };
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : '');
const on = (path: string) => ({ env: { PATH: path, JUMPCLOUD_NODE: process.execPath } });

function expectNothingDone(stage: Stage): void {
  expect(stage.isRecordThere()).toBe(true);
  expect(stage.files()).toEqual([
    'ca.crt',
    'client.crt',
    'client.key',
    'jcagent.conf',
    'version.txt',
  ]);
}

describe.concurrent('stop_agent', () => {
  const rows: [tools: Tool[], expected: Tool][] = [
    [['systemctl', 'service', 'launchctl'], 'systemctl'],
    [['launchctl', 'service'], 'service'],
    [['launchctl'], 'launchctl'],
  ];
  test.each(rows)('of %j', async (tools, expected) => {
    const stage = await enrol();
    const { path, log } = managers(tools);
    const predicted = await stage.succeed(
      { stop_agent: true },
      { ...on(path), flags: ['--check'] },
    );
    expect(read(log)).toBe('');
    const answer = await stage.succeed({ stop_agent: true }, on(path));
    expect(predicted).toEqual(predictionOf(answer));
    expect(answer.changed).toBe(true);
    expect(read(log)).toBe(`${expected} ${TOOLS[expected]}`);
    expect((await stage.succeed({ stop_agent: true }, on(path))).changed).toBe(false);
    expect(read(log)).toBe(`${expected} ${TOOLS[expected]}`);
  });

  test('hands nothing on but PATH', async () => {
    const stage = await enrol();
    const { path, log } = managers(['systemctl']);
    const env = { ...on(path).env, HTTPS_PROXY: 'http://jane:geheim@127.0.0.1:9', NO_PROXY: '*' };
    await stage.succeed({ stop_agent: true }, { env });
    expect(read(`${log}.env`)).toBe(`PATH=${path}`);
  });

  test('takes the first folder of PATH that has a program', async () => {
    const stage = await enrol();
    const first = folder();
    program(join(first, 'systemctl'), 'not-the-program', '');
    const { path, log } = managers(['systemctl']);
    await stage.succeed({ stop_agent: true }, on(`${first}:/nonexistent::${path}`));
    expect(read(log)).toBe('systemctl stop jcagent');
  });

  test('stops before the record goes, and after it was found', async () => {
    const stage = await enrol();
    const { path, log } = managers(['systemctl'], '/bin/sleep 0.2');
    await stage.succeed({ stop_agent: true }, on(path));
    const stopped = read(log) !== '';
    const [get, del] = stage.emulator.requests;
    expect([stopped, get?.method, del?.method]).toEqual([true, 'GET', 'DELETE']);
    expect(Number(del?.startedAt) - Number(get?.endedAt)).toBeGreaterThan(150);
  });

  test('takes a service that does not exist for stopped', async () => {
    const stage = await enrol();
    const { path } = managers(['systemctl'], 'echo "Unit jcagent.service not loaded." >&2; exit 5');
    const answer = await stage.succeed({ stop_agent: true }, on(path));
    expect(answer).toMatchObject({ changed: true, warnings: [] });
  });

  const failing: [name: string, does: string, message: RegExp][] = [
    [
      'fails',
      'echo "Access denied" >&2; echo more >&2; exit 4',
      /systemctl stop jcagent" failed with 4: Access denied\. Stop it/,
    ],
    ['fails without a word', 'exit 1', /systemctl stop jcagent" failed with 1\. Stop it/],
    ['is killed', 'kill -9 $$', /systemctl stop jcagent" failed with SIGKILL\. Stop it/],
  ];
  test.each(failing)('that %s keeps everything', async (_, does, message) => {
    const stage = await enrol();
    const { path } = managers(['systemctl'], does);
    const { answer } = await stage.run({ stop_agent: true, purge_identity: true }, on(path));
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'local_action_failed', command: `${path}/systemctl stop jcagent` },
    });
    expect(answer.msg).toMatch(message);
    expect(stage.sent()).toEqual(['GET 200']);
    expectNothingDone(stage);
  });

  test.each([[], ['--check']])('without a service manager fails first (%s)', async (...flags) => {
    const stage = await enrol();
    const path = folder();
    const { answer } = await stage.run({ stop_agent: true }, { ...on(path), flags });
    expect(answer).toMatchObject({ failed: true, error: { code: 'local_action_failed' } });
    expect(answer.msg).toContain(`none of systemctl, service, launchctl is on PATH (${path})`);
    expect(stage.sent()).toEqual([]);
    expectNothingDone(stage);
  });

  test('needs no service manager where there is nothing to remove', async () => {
    const stage = await enrol();
    await stage.succeed();
    const answer = await stage.succeed({ stop_agent: true }, on(folder()));
    expect(answer.changed).toBe(false);
  });

  test('says that the agent is stopped when the removal then fails', async () => {
    const stage = await enrol();
    const { path } = managers(['systemctl']);
    stage.emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      when: ({ method }) => method === 'DELETE',
    });
    const { answer } = await stage.run({ stop_agent: true }, on(path));
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code: 'rejected' } });
    expect(answer.warnings).toEqual([
      expect.stringMatching(/^The agent was told to stop before that/),
    ]);
    expect(stage.has(TOMBSTONE)).toBe(false);
  });
});
