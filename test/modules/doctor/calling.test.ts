import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { Interrupted } from '../../../src/base/interrupted.ts';
import { doctor } from '../../../src/resources/doctor/doctor.ts';
import { callInProcess } from '../../harness/call-in-process.ts';
import { test } from '../../harness/fixture.ts';
import { isRoot } from '../../harness/is-root.ts';
import { checkNamesWith, checksOf } from '../../resources/doctor/examination.ts';

const NOBODY_UID = 65534;

test('jumpcloud_doctor gives the same answer in check mode and diff mode as in a normal run, and changes no file', async ({
  host,
}) => {
  const listFiles = () =>
    readdirSync(host.agentDir).map((name) => [name, statSync(join(host.agentDir, name)).mtimeMs]);
  const before = listFiles();
  const run = async (...flags: string[]) =>
    (await host.run('jumpcloud_doctor', {}, { flags })).stdout;
  const normalOutput = await run();
  expect(await run('--check', '--diff')).toBe(normalOutput);
  expect(listFiles()).toEqual(before);
  expect(host.requests().every(({ method }) => method === 'GET')).toBe(true);
  expect(JSON.parse(normalOutput)).not.toHaveProperty('diff');
});

test.runIf(isRoot)('a user other than root gets the advice to run as root', async ({ host }) => {
  chmodSync(host.agentDir, 0o700);
  const { answer, exitCode, stderr } = await host.run('jumpcloud_doctor', {}, { uid: NOBODY_UID });
  expect([exitCode, stderr, answer.error?.code]).toEqual([1, '', 'bad_identity']);
  expect(checkNamesWith(answer, 'failed')).toEqual(['agent_directory']);
  expect(checksOf(answer).agent_directory).toMatchObject({
    detail: `No permission to read ${host.agentDir} (uid ${NOBODY_UID}).`,
    advice: "Run as root: the agent's files belong to root.",
  });
  expect(checksOf(answer).connection.status).toBe('ok');
});

test('jumpcloud_doctor succeeds in an empty environment', async ({ host }) => {
  const { answer, stderr } = await host.run(
    'jumpcloud_doctor',
    {},
    { through: ['/usr/bin/env', '-i', `JUMPCLOUD_NODE=${process.execPath}`] },
  );
  expect([stderr, ...checkNamesWith(answer, 'failed')]).toEqual(['']);
});

test('one run reports every failed check', async ({ host }) => {
  rmSync(join(host.agentDir, 'jcagent.conf'));
  mkdirSync(join(host.agentDir, 'jcagent.conf'));
  writeFileSync(join(host.agentDir, 'client.key'), 'x');
  const { answer } = await host.run(
    'jumpcloud_doctor',
    { api_url: 'https://127.0.0.1:1' },
    { env: { https_proxy: 'nonsense://' } },
  );
  expect(checkNamesWith(answer, 'failed')).toEqual(['registration', 'key', 'proxy']);
  expect(answer).toMatchObject({ failed: true, error: { code: 'bad_identity' } });
  expect(answer.msg).toMatch(/^3 of 13 checks failed \(registration, key, proxy\), /);
});

test('a wrong system_id is reported as invalid_arguments even if the key is also invalid', async ({
  host,
}) => {
  writeFileSync(join(host.agentDir, 'client.key'), '-----BEGIN PRIVATE KEY-----\nx');
  const { answer } = await host.run('jumpcloud_doctor', { system_id: '0'.repeat(24) });
  expect(answer).toMatchObject({
    error: { code: 'invalid_arguments', problems: [{ option: 'system_id' }] },
  });
});

test('an interrupted run lists every check in its result', async ({ host }) => {
  host.hit({ kind: 'silence' }, { times: 10 });
  const interruption = new AbortController();
  const running = callInProcess(doctor, [JSON.stringify(host.options)], {
    signal: interruption.signal,
  });
  await vi.waitFor(() => expect(host.requests()).toHaveLength(1), 20_000);
  interruption.abort(new Interrupted('Interrupted.'));
  const answer = JSON.parse((await running).text);
  expect(answer.error.code).toBe('interrupted');
  expect(answer.checks).toHaveLength(13);
  expect(answer.checks.at(-1)).toMatchObject({
    status: 'skipped',
    detail: 'Not checked: the run ended before.',
  });
});
