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
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
  readonly names: Record<string, Record<string, string>>;
  readonly pid: number;
  readonly groups: string[];
  readonly users: string[];
  readonly userGroups: string[];
  readonly commands: string[];
  readonly policies: string[];
  readonly policyGroups: string[];
}

/**
 * Sends the request that a curl command line describes, with fetch instead of curl. Returns the
 * JSON body of the answer.
 */
async function runCurlLine(line: string): Promise<unknown> {
  const { stdout } = await execa('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${line}`]);
  const words = stdout.split('\n');
  const valuesOf = (flag: string) => words.filter((_, i) => words[i - 1] === flag);
  const [body] = valuesOf('-d');
  const [method] = valuesOf('-X');
  const response = await fetch(words.at(-1) ?? '', {
    ...(method !== undefined && { method }),
    headers: valuesOf('-H').map((header) => header.split(': ') as [string, string]),
    ...(body !== undefined && { method: 'POST', body }),
  });
  return response.json();
}

describe.each([
  ['SIGTERM', 'a new directory'],
  ['SIGINT', 'a chosen directory'],
] as const)('npm run emulator, ended by %s, with the agent in %s', (signal, where) => {
  const readyFile = join(directory, `ready-${signal}`);
  const dir = join(directory, 'agent');
  let emulator: ReturnType<typeof emulate>;
  let output: string;
  let ready: Ready;
  beforeEach(async () => {
    const chosen = where === 'a new directory' ? [] : ['--dir', dir];
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
    // npm leaves its child process running when npm itself is killed.
    if (emulator.exitCode === null) process.kill(ready.pid, 'SIGKILL');
  });

  test('the commands that `npm run emulator` prints succeed, and it prints every request', async () => {
    const introduction = output;
    const lines = introduction.split('\n').filter((line) => line.startsWith('  dist/modules/'));
    expect(lines.length).toBeGreaterThan(5);
    const { systemId, groups, users, userGroups, commands, policies, policyGroups } = ready;
    for (const ids of [[systemId], groups, users, userGroups, commands, policies, policyGroups]) {
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(introduction).toContain(id);
    }
    expect(ready.agentDir === dir).toBe(where === 'a chosen directory');

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
    const [group, user, deletion] = introduction
      .split('\n')
      .filter((line) => line.startsWith('  curl '));
    const web = ready.names['system_group']?.['web'];
    expect(groups).toContain(web);
    expect(await runCurlLine(group ?? '')).toMatchObject([{ id: web, name: 'web' }]);
    expect(await runCurlLine(user ?? '')).toEqual({
      results: [{ _id: ready.names['user']?.['ada'], username: 'ada', email: 'ada@example.com' }],
      totalCount: 1,
    });
    expect(introduction).toContain(`  api_key    ${ready.apiKey}  `);
    const { url: api_url, clientId, clientSecret, tokenUrl } = ready;
    const account = { client_id: clientId, client_secret: clientSecret, token_url: tokenUrl };
    const printed = introduction.split('\n').map((line) => line.trim().split(/ +/));
    for (const [name, value] of Object.entries(account)) {
      expect(printed).toContainEqual([name, value]);
    }
    const input = JSON.stringify({ api_url, ...account, users: ['ada'] });
    const lookUp = await execa('dist/modules/jumpcloud_names', { cwd: root, input });
    const { ada } = ready.names['user'] ?? {};
    expect(JSON.parse(lookUp.stdout).names).toEqual({ user: { ada } });
    expect(await runCurlLine(deletion ?? '')).toMatchObject({ _id: systemId });
    const info = lines.find((line) => line.includes('jumpcloud_system_info '));
    const { stdout: refused } = await execa('sh', ['-c', info ?? ''], { cwd: root, reject: false });
    expect(JSON.parse(refused).error.code).toBe('unauthorized');

    process.kill(ready.pid, signal);
    const { exitCode, stdout, stderr } = await emulator;
    expect([exitCode, stderr]).toEqual([0, '']);
    const requestLines = stdout
      .slice(stdout.indexOf('Requests:\n') + 'Requests:\n'.length)
      .split('\n');
    expect(requestLines.filter((line) => line.startsWith('PUT'))).toEqual([
      `PUT /api/systems/${systemId} 200 {"displayName":"web-1"}`,
    ]);
    for (const line of requestLines)
      expect(line).toMatch(
        /^(GET|PUT|POST|DELETE) \/(api\/\S+|oauth2\/token) (20[04]|401)( [{"].*)?$/,
      );
    expect(existsSync(readyFile)).toBe(false);
    expect(existsSync(ready.agentDir)).toBe(where === 'a chosen directory');
  });
});

describe.each(['new directories', 'chosen directories'])(
  'npm run emulator -- --hosts 3 --dead 2, in %s',
  (where) => {
    const readyFile = join(directory, `several-${where}`);
    const dir = join(directory, 'several');
    let emulator: ReturnType<typeof emulate>;
    let pid: number;
    afterEach(() => {
      if (emulator.exitCode === null) process.kill(pid, 'SIGKILL');
    });

    test('the emulator enrols each live host and prints commands that list and delete the records of the dead ones', async () => {
      const chosen = where === 'new directories' ? [] : ['--dir', dir];
      emulator = emulate('--hosts', '3', '--dead', '2', '--ready-file', readyFile, ...chosen);
      let output = '';
      emulator.stdout.on('data', (chunk) => {
        output += chunk;
      });
      await expect.poll(() => output, { timeout: 20_000 }).toContain('Requests:');
      await expect.poll(() => existsSync(readyFile), { timeout: 20_000 }).toBe(true);
      const ready: Ready = JSON.parse(readFileSync(readyFile, 'utf8'));
      pid = ready.pid;
      expect(new Set(ready.hosts.map(({ systemId }) => systemId)).size).toBe(3);
      const keys = ready.hosts.map(({ agentDir }) => readFileSync(join(agentDir, 'client.key')));
      expect(new Set(keys.map(String)).size).toBe(3);
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
      const commands = output
        .split('\n')
        .filter((line) => line.includes('/jumpcloud_stale_systems '));
      const answers: { stale: { hostname: string }[]; deleted: string[] }[] = [];
      for (const command of commands) {
        const { stdout } = await execa('sh', ['-c', command], { cwd: root });
        answers.push(JSON.parse(stdout));
      }
      expect(answers.map(({ deleted }) => deleted.length)).toEqual([0, 2]);
      for (const { stale } of answers) {
        expect(stale.map(({ hostname }) => hostname).sort()).toEqual(['dead-1', 'dead-2']);
      }
      process.kill(pid, 'SIGTERM');
      const { exitCode, stdout } = await emulator;
      expect(exitCode).toBe(0);
      for (const { agentDir, systemId } of ready.hosts) {
        expect(stdout).toContain(`  agent_dir  ${agentDir}\n  system_id  ${systemId}  `);
        expect(existsSync(agentDir)).toBe(where === 'chosen directories');
      }
      if (where === 'chosen directories')
        expect(ready.hosts.map(({ agentDir }) => agentDir)).toEqual(
          [1, 2, 3].map((number) => join(dir, `host-${number}`)),
        );
    });
  },
);

describe('npm run emulator', () => {
  test('--help prints the options and exits with 0', async () => {
    const { exitCode, stdout, stderr } = await emulate('--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    for (const option of ['port', 'dir', 'hosts', 'dead', 'ready-file', 'answers']) {
      expect(stdout).toMatch(new RegExp(`^  --${option} .*\\w{4}`, 'm'));
    }
  });

  test('a port in use is reported in one sentence', async ({ startWith }) => {
    const other = await startWith();
    const { exitCode, stdout, stderr } = await emulate('--port', String(other.port));
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `Port ${other.port} is in use. Choose another with --port, or omit --port for any free port.`,
    );
  });

  test("--dir refuses the directory of a real agent and keeps that agent's key", async () => {
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
    [['--dead', '1001'], /--dead must be a number from 0 to 1000, got "1001"\. Usage: /],
    [['--hosts', '0'], /--hosts must be a number from 1 to 1000, got "0"\. Usage: /],
    [['--prt', '1'], /^Unknown option '--prt'.*Usage: npm run emulator/],
    [
      ['--dir', '/dev/null'],
      /^\/dev\/null cannot be written \(EEXIST\)\. Choose another directory\.$/,
    ],
  ])('the invalid arguments %j are explained in one line', async (flags, message) => {
    const { exitCode, stdout, stderr } = await emulate(...flags);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('\n');
  });
});
