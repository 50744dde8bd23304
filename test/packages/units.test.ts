import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, vi } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from '../examples/has-tool.ts';
import { IDS, type Sandbox, test } from '../examples/sandbox.ts';

const PROGRAMS = join(projectDirectory, 'packaging/systemd/programs');
const UNITS = join(projectDirectory, 'packaging/systemd/units');

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: sharedEmulator, sandbox: newSandbox }) => {
  emulator = sharedEmulator;
  sandbox = newSandbox;
});

/** Writes a packaged program into the sandbox, with /usr/bin moved there, and returns its path. */
async function place(name: string): Promise<string> {
  const text = await readFile(join(PROGRAMS, name), 'utf8');
  const [, ...lines] = text.replaceAll('/usr/bin/', sandbox.path('/usr/bin/')).split('\n');
  await sandbox.writeProgram(`/usr/lib/jumpcloud-system-context/${name}`, ...lines);
  return sandbox.path(`/usr/lib/jumpcloud-system-context/${name}`);
}

describe('describe-host, which jumpcloud-host.service runs', () => {
  const failedAnswer = (code: string, details = {}) =>
    JSON.stringify({
      changed: false,
      failed: true,
      msg: 'x',
      error: { code, attempts: 1, ...details },
      warnings: [],
    });
  const run = async (answer: string, status: number) => {
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `echo "$*" >"${sandbox.path('/arguments')}"`,
      `printf '%s\\n' '${answer}'`,
      `exit ${status}`,
    );
    return execa(await place('describe-host'), ['/etc/jumpcloud/host.json'], { reject: false });
  };

  test('describe-host passes the document, prints the answer and exits with 0', async () => {
    const answer = JSON.stringify({ changed: true, msg: 'Changed.', warnings: [] });
    expect(await run(answer, 0)).toMatchObject({ exitCode: 0, stdout: `${answer}\nChanged.` });
    expect(await readFile(sandbox.path('/arguments'), 'utf8')).toBe('/etc/jumpcloud/host.json\n');
  });

  test.each(['not_enrolled', 'unavailable', 'rate_limited', 'interrupted'])(
    'describe-host exits with 75 after the error %s',
    async (code) => {
      expect(await run(failedAnswer(code), 1)).toMatchObject({
        exitCode: 75,
        stdout: `${failedAnswer(code)}\nx`,
      });
    },
  );

  test.each([
    ['CERT_NOT_YET_VALID', 75],
    ['CERT_HAS_EXPIRED', 75],
    ['SELF_SIGNED_CERT_IN_CHAIN', 1],
  ])(
    'after a certificate is refused with %s, describe-host exits with %i',
    async (reason, exitCode) => {
      expect(await run(failedAnswer('tls', { reason }), 1)).toMatchObject({ exitCode });
    },
  );

  test.each(['invalid_arguments', 'unauthorized', 'rejected', 'tls', 'local_action_failed'])(
    'describe-host exits with 1 after the error %s',
    async (code) => {
      expect(await run(failedAnswer(code), 1)).toMatchObject({
        exitCode: 1,
        stdout: `${failedAnswer(code)}\nx`,
      });
    },
  );

  test('describe-host ends its output with the message, which systemctl status shows', async () => {
    const msg = 'The option "a\\b" is {"msg":"no"}.\nCorrect it.';
    const { stdout } = await run(JSON.stringify({ changed: false, failed: true, msg, x: {} }), 1);
    expect(stdout.split('\n').slice(1)).toEqual(['The option "a\\b" is {"msg":"no"}. Correct it.']);
  });

  test('describe-host reports its progress and then the message as status to systemd', async () => {
    await sandbox.replaceProgram('systemd-notify', `echo "$*" >>'${sandbox.path('/notified')}'`);
    vi.stubEnv('PATH', sandbox.env['PATH']);
    vi.stubEnv('NOTIFY_SOCKET', '/nowhere');
    await run(failedAnswer('not_enrolled'), 1);
    vi.unstubAllEnvs();
    const statuses = await readFile(sandbox.path('/notified'), 'utf8');
    expect(statuses).toMatch(/^--status=Waiting for the JumpCloud agent .*\n--status=x\n$/);
  });

  test('describe-host exits with 1 when the module is missing', async () => {
    const program = await place('describe-host');
    const result = await execa(program, ['/etc/jumpcloud/host.json'], { reject: false });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain('jumpcloud_host');
  });

  test('describe-host that is stopped prints the answer of the module and exits with 0', async () => {
    await sandbox.write('/answer', failedAnswer('interrupted'));
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `trap 'cat "${sandbox.path('/answer')}"; exit 1' TERM`,
      `: >"${sandbox.path('/started')}"`,
      'n=0; while [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done',
    );
    const program = execa(await place('describe-host'), ['x'], { reject: false, detached: true });
    await expect.poll(() => readFile(sandbox.path('/started'), 'utf8').catch(() => null)).toBe('');
    // Signals the whole process group, as systemd signals all processes of a unit.
    process.kill(-(program.pid ?? 0), 'SIGTERM');
    expect(await program).toMatchObject({
      exitCode: 0,
      stdout: `${failedAnswer('interrupted')}\nx`,
    });
  });
});

describe('remove-on-poweroff, which jumpcloud-removal.service runs', () => {
  const stop = async (...jobs: string[]) => {
    await sandbox.replaceProgram('systemctl', ...jobs.map((job) => `echo '${job}'`), 'exit 0');
    // This script of the sandbox calls the real module with the emulator's URL.
    const module = sandbox.path('/usr/local/lib/jumpcloud/jumpcloud_removal');
    await sandbox.writeProgram('/usr/bin/jumpcloud_removal', `exec '${module}' "$@"`);
    const options = sandbox.path('/etc/jumpcloud/removal.json');
    return execa(await place('remove-on-poweroff'), [options], { env: sandbox.env, reject: false });
  };
  const OTHER_JOBS = [
    '7 jumpcloud-removal.service stop running',
    '9 shutdown.target start waiting',
  ];

  beforeEach(() => {
    const { systemId } = sandbox.host;
    emulator.store.join(systemId, IDS.web);
    emulator.store.associate(systemId, 'user', IDS.admin);
  });

  test.each(['poweroff.target', 'halt.target'])(
    'remove-on-poweroff deletes the record on %s',
    async (target) => {
      const result = await stop(...OTHER_JOBS, `12 ${target} start waiting`);
      expect(result, result.stdout).toMatchObject({ exitCode: 0 });
      expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(false);
    },
  );

  test('remove-on-poweroff uses the options of removal.json', async () => {
    const { systemId } = sandbox.host;
    const example = join(projectDirectory, 'packaging/examples/removal.json');
    await sandbox.write('/etc/jumpcloud/removal.json', await readFile(example, 'utf8'));
    const result = await stop('12 poweroff.target start waiting', ...OTHER_JOBS);
    expect(result, result.stdout).toMatchObject({ exitCode: 0 });
    expect(emulator.store.systems.has(systemId)).toBe(true);
    expect(emulator.store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
  });

  test('remove-on-poweroff removes nothing when removal.json is not valid JSON', async () => {
    await sandbox.write('/etc/jumpcloud/removal.json', '{"scope": "assoc');
    const result = await stop('12 poweroff.target start waiting');
    expect(result).toMatchObject({ exitCode: 1 });
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'invalid_arguments' } });
    expect(result.stderr).toContain('look for it in the Admin Portal');
    expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(true);
  });

  test.each([
    ['a reboot', '12 reboot.target start waiting'],
    ['kexec', '12 kexec.target start waiting'],
    ['a soft reboot', '12 soft-reboot.target start waiting'],
    ['a cancelled poweroff', '12 poweroff.target stop waiting'],
    ['a manual stop of the unit', '7 jumpcloud-removal.service stop running'],
  ])('%s leaves the host in JumpCloud', async (_, job) => {
    const result = await stop(job);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toBe('This host is not being powered off: it stays in JumpCloud.');
    expect(sandbox.writes()).toEqual([]);
  });
});

test
  .runIf(hasTool("systemd-analyze verify over the packages' units", 'systemd-analyze'))
  .each(['jumpcloud-host.service', 'jumpcloud-removal.service'])(
  'systemd-analyze verify accepts %s',
  async (unit) => {
    const text = await readFile(join(UNITS, unit), 'utf8');
    for (const name of ['describe-host', 'remove-on-poweroff']) await place(name);
    const installed = '/usr/lib/jumpcloud-system-context/';
    await sandbox.write(`/units/${unit}`, text.replaceAll(installed, sandbox.path(installed)));
    const words = ['verify', '--man=no', '--recursive-errors=no', sandbox.path(`/units/${unit}`)];
    const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  },
);

test('the example documents are JSON and the units name their paths', async () => {
  for (const name of ['host', 'removal']) {
    const example = join(projectDirectory, `packaging/examples/${name}.json`);
    expect(JSON.parse(await readFile(example, 'utf8'))).toBeTypeOf('object');
    const unit = await readFile(join(UNITS, `jumpcloud-${name}.service`), 'utf8');
    expect(unit).toContain(` /etc/jumpcloud/${name}.json\n`);
  }
});
