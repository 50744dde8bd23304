import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeEach, describe, expect } from 'vitest';
import { test } from '../harness/fixture.ts';

const root = new URL('../..', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'emulator-'));
afterAll(() => rmSync(directory, { recursive: true }));

const emulate = (...flags: string[]) =>
  execa('npm', ['run', '--silent', 'emulator', '--', ...flags], { cwd: root, reject: false });

interface Ready {
  readonly url: string;
  readonly agentDir: string;
  readonly systemId: string;
  readonly hosts: { readonly agentDir: string; readonly systemId: string }[];
  readonly apiKey: string;
  readonly names: Record<string, Record<string, string>>;
  readonly pid: number;
  readonly groups: string[];
  readonly users: string[];
  readonly userGroups: string[];
  readonly commands: string[];
  readonly policies: string[];
  readonly policyGroups: string[];
}

/** What a line for curl asks, without curl. */
async function asked(line: string): Promise<unknown> {
  const { stdout } = await execa('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${line}`]);
  const words = stdout.split('\n');
  const after = (flag: string) => words.filter((_, i) => words[i - 1] === flag);
  const [body] = after('-d');
  const reply = await fetch(words.at(-1) ?? '', {
    headers: after('-H').map((header) => header.split(': ') as [string, string]),
    ...(body !== undefined && { method: 'POST', body }),
  });
  return reply.json();
}

describe.each([
  ['SIGTERM', 'a new folder'],
  ['SIGINT', 'a folder of choice'],
] as const)('the emulator for a person, ended by %s, in %s', (signal, where) => {
  const readyFile = join(directory, `ready-${signal}`);
  const dir = join(directory, 'agent');
  let emulator: ReturnType<typeof emulate>;
  let output: string;
  let ready: Ready;
  beforeEach(async () => {
    const chosen = where === 'a new folder' ? [] : ['--dir', dir];
    output = '';
    emulator = emulate('--ready-file', readyFile, ...chosen);
    emulator.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await expect.poll(() => output, { timeout: 20_000 }).toContain('Requests:');
    await expect.poll(() => existsSync(readyFile), { timeout: 20_000 }).toBe(true);
    ready = JSON.parse(readFileSync(readyFile, 'utf8'));
  });
  afterEach(() => {
    // npm does not take its child with it when it is killed.
    if (emulator.exitCode === null) process.kill(ready.pid, 'SIGKILL');
  });

  test('its lines can be pasted, and it tells of every request', async () => {
    const introduction = output;
    const lines = introduction.split('\n').filter((line) => line.startsWith('  dist/modules/'));
    expect(lines.length).toBeGreaterThan(5);
    const { systemId, groups, users, userGroups, commands, policies, policyGroups } = ready;
    for (const ids of [[systemId], groups, users, userGroups, commands, policies, policyGroups]) {
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(introduction).toContain(id);
    }
    expect(ready.agentDir === dir).toBe(where === 'a folder of choice');

    for (const line of lines) {
      const { stdout } = await execa('sh', ['-c', line], { cwd: root });
      const answer = JSON.parse(stdout);
      expect(answer.changed).toBe(!/jumpcloud_(system_info|names) /.test(line));
      expect(answer).not.toHaveProperty('failed');
      if (line.endsWith('--check --diff'))
        expect(answer.diff.after).toEqual({ display_name: 'web-1' });
      if (line.includes('jumpcloud_names ')) {
        const { web } = ready.names['system_group'] ?? {};
        const { ada } = ready.names['user'] ?? {};
        expect(answer.names).toEqual({ system_group: { web }, user: { ada } });
      }
    }

    expect(ready.hosts).toEqual([{ agentDir: ready.agentDir, systemId }]);
    const [group, user] = introduction.split('\n').filter((line) => line.startsWith('  curl '));
    const web = ready.names['system_group']?.['web'];
    expect(groups).toContain(web);
    expect(await asked(group ?? '')).toMatchObject([{ id: web, name: 'web' }]);
    expect(await asked(user ?? '')).toEqual({
      results: [{ _id: ready.names['user']?.['ada'], username: 'ada', email: 'ada@example.com' }],
      totalCount: 1,
    });
    expect(introduction).toContain(`  api_key    ${ready.apiKey}  `);

    process.kill(ready.pid, signal);
    const { exitCode, stdout, stderr } = await emulator;
    expect([exitCode, stderr]).toEqual([0, '']);
    const told = stdout.slice(stdout.indexOf('Requests:\n') + 'Requests:\n'.length).split('\n');
    expect(told.filter((line) => line.startsWith('PUT'))).toEqual([
      `PUT /api/systems/${systemId} 200 {"displayName":"web-1"}`,
    ]);
    for (const line of told) expect(line).toMatch(/^(GET|PUT|POST) \/api\/\S+ 20[04]( \{.*\})?$/);
    expect(existsSync(readyFile)).toBe(false);
    expect(existsSync(ready.agentDir)).toBe(where === 'a folder of choice');
  });
});

describe.each(['new folders', 'folders of choice'])('several hosts, in %s', (where) => {
  const readyFile = join(directory, `several-${where}`);
  const dir = join(directory, 'several');
  let emulator: ReturnType<typeof emulate>;
  let pid: number;
  afterEach(() => {
    if (emulator.exitCode === null) process.kill(pid, 'SIGKILL');
  });

  test('are enrolled, and in the group that a rule fills', async () => {
    const chosen = where === 'new folders' ? [] : ['--dir', dir];
    emulator = emulate('--hosts', '3', '--ready-file', readyFile, ...chosen);
    await expect.poll(() => existsSync(readyFile), { timeout: 20_000 }).toBe(true);
    const ready: Ready = JSON.parse(readFileSync(readyFile, 'utf8'));
    pid = ready.pid;
    expect(new Set(ready.hosts.map(({ systemId }) => systemId)).size).toBe(3);
    expect(ready.hosts[0]).toEqual({ agentDir: ready.agentDir, systemId: ready.systemId });
    const dynamic = ready.names['system_group']?.['all Linux hosts'];
    for (const { agentDir, systemId } of ready.hosts) {
      const options = JSON.stringify({ agent_dir: agentDir, api_url: ready.url });
      const { stdout } = await execa('dist/modules/jumpcloud_system_info', [options], {
        cwd: root,
      });
      const { system_id, groups } = JSON.parse(stdout);
      expect(system_id).toBe(systemId);
      expect(groups).toContain(dynamic);
      expect(groups.length).toBe(systemId === ready.systemId ? 2 : 1);
    }
    process.kill(pid, 'SIGTERM');
    const { exitCode, stdout } = await emulator;
    expect(exitCode).toBe(0);
    for (const { agentDir, systemId } of ready.hosts) {
      expect(stdout).toContain(`  agent_dir  ${agentDir}\n  system_id  ${systemId}  `);
      expect(existsSync(agentDir)).toBe(where === 'folders of choice');
    }
    if (where === 'folders of choice')
      expect(ready.hosts.map(({ agentDir }) => agentDir)).toEqual(
        [1, 2, 3].map((number) => join(dir, `host-${number}`)),
      );
  });
});

describe('the emulator says in a sentence', () => {
  test('that its port is in use', async ({ startWith }) => {
    const other = await startWith();
    const { exitCode, stdout, stderr } = await emulate('--port', String(other.port));
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `Port ${other.port} is in use. Choose another with --port, or none for any.`,
    );
  });

  test("that it does not overwrite a real agent's key", async () => {
    const agentDir = join(directory, 'real');
    mkdirSync(agentDir);
    writeFileSync(join(agentDir, 'jcagent.conf'), '{"systemKey":"0123456789abcdef01234567"}');
    writeFileSync(join(agentDir, 'client.key'), 'real');
    const { exitCode, stderr } = await emulate('--dir', agentDir);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/real holds an agent that is not the emulator's\. Choose another/);
    expect(readFileSync(join(agentDir, 'client.key'), 'utf8')).toBe('real');
  });

  test.each([
    [['--port', '70000'], /--port must be a number from 0 to 65535, got "70000"\. Usage: /],
    [['--hosts', '0'], /--hosts must be a number from 1 to 1000, got "0"\. Usage: /],
    [['--prt', '1'], /^Unknown option '--prt'.*Usage: npm run emulator/],
    [
      ['--dir', '/dev/null'],
      /^\/dev\/null cannot be written \(EEXIST\)\. Choose another folder\.$/,
    ],
  ])('what is wrong with %j', async (flags, message) => {
    const { exitCode, stdout, stderr } = await emulate(...flags);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('\n');
  });
});
