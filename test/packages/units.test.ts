import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, vi } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { IDS, type Sandbox, test } from '../examples/sandbox.ts';

const PROGRAMS = join(projectDirectory, 'packaging/systemd/programs');
const UNIT_DIRECTORY = join(projectDirectory, 'packaging/systemd/units');
const UNIT_NAMES = await readdir(UNIT_DIRECTORY);
/** The directory in which the units keep the last result of a run. */
const RESULTS_DIRECTORY = '/run/jumpcloud-system-context';

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: sharedEmulator, sandbox: newSandbox }) => {
  emulator = sharedEmulator;
  sandbox = newSandbox;
});

/**
 * Copies a packaged program into the sandbox, with the sandbox's directory in place of /usr/bin.
 * Returns the path of the copy.
 */
async function installProgram(name: string): Promise<string> {
  const text = await readFile(join(PROGRAMS, name), 'utf8');
  const [, ...lines] = text.replaceAll('/usr/bin/', sandbox.path('/usr/bin/')).split('\n');
  await sandbox.writeProgram(`/usr/lib/jumpcloud-system-context/${name}`, ...lines);
  return sandbox.path(`/usr/lib/jumpcloud-system-context/${name}`);
}

/** Reads the file with the last result of a unit. */
async function readLastResult(unit: string): Promise<Record<string, unknown>> {
  const text = await readFile(sandbox.path(`${RESULTS_DIRECTORY}/${unit}.json`), 'utf8');
  expect(text.split('\n')).toHaveLength(2);
  return JSON.parse(text);
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
  const run = async (answer: string, status: number, end = `exit ${status}`) => {
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `echo "$*" >"${sandbox.path('/arguments')}"`,
      `printf '%s\\n' '${answer}'`,
      end,
    );
    const words = [
      '/etc/jumpcloud/host.json',
      sandbox.path(`${RESULTS_DIRECTORY}/jumpcloud-host.json`),
    ];
    return execa(await installProgram('describe-host'), words, { reject: false });
  };

  beforeEach(() => mkdir(sandbox.path(RESULTS_DIRECTORY), { recursive: true }));

  test('describe-host passes the path of the document to jumpcloud_host, prints the answer and exits with 0', async () => {
    const answer = JSON.stringify({ changed: true, msg: 'Changed.', warnings: [] });
    expect(await run(answer, 0)).toMatchObject({ exitCode: 0, stdout: `${answer}\nChanged.` });
    expect(await readFile(sandbox.path('/arguments'), 'utf8')).toBe('/etc/jumpcloud/host.json\n');
  });

  test.each(['not_enrolled', 'unavailable', 'rate_limited', 'interrupted', 'fact_unavailable'])(
    'describe-host exits with 75 when the module fails with the error code %s',
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
    'describe-host exits with 1 when the module fails with the error code %s',
    async (code) => {
      expect(await run(failedAnswer(code), 1)).toMatchObject({
        exitCode: 1,
        stdout: `${failedAnswer(code)}\nx`,
      });
    },
  );

  test.each([
    ['changed', { changed: true, msg: 'Changed "a\\b".\nDone.', warnings: [] }, 0],
    ['unchanged', { changed: false, msg: 'x', warnings: [] }, 0],
    ['retrying', JSON.parse(failedAnswer('not_enrolled')), 1],
    ['failed', JSON.parse(failedAnswer('unauthorized')), 1],
  ])(
    'describe-host writes the outcome "%s", the time and the result to the result file',
    async (outcome, result, status) => {
      const before = Math.floor(Date.now() / 1000);
      await run(JSON.stringify(result), status);
      const { time, timestamp, ...rest } = await readLastResult('jumpcloud-host');
      expect(rest).toEqual({ unit: 'jumpcloud-host.service', outcome, result });
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(time).toBe(new Date(Number(timestamp) * 1000).toISOString().replace('.000', ''));
      const { mode } = await stat(sandbox.path(`${RESULTS_DIRECTORY}/jumpcloud-host.json`));
      expect(mode & 0o777).toBe(0o600);
      expect(await readdir(sandbox.path(RESULTS_DIRECTORY))).toEqual(['jumpcloud-host.json']);
    },
  );

  test('describe-host exits with 75 after a signal has killed the module', async () => {
    const { exitCode, stdout } = await run('', 0, 'kill -9 $$');
    expect({ exitCode, stdout: stdout.trim() }).toEqual({
      exitCode: 75,
      stdout: 'Signal 9 killed the run.',
    });
    expect(await readLastResult('jumpcloud-host')).toMatchObject({
      outcome: 'retrying',
      result: null,
    });
  });

  test('describe-host writes null as the result when the module prints no JSON object', async () => {
    expect(await run('Text', 1)).toMatchObject({ exitCode: 1 });
    expect(await readLastResult('jumpcloud-host')).toMatchObject({
      outcome: 'failed',
      result: null,
    });
  });

  test('describe-host keeps its exit status when it cannot write the result file', async () => {
    await mkdir(sandbox.path(`${RESULTS_DIRECTORY}/jumpcloud-host.json.new`));
    const result = await run(failedAnswer('not_enrolled'), 1);
    expect(result).toMatchObject({ exitCode: 75, stdout: `${failedAnswer('not_enrolled')}\nx` });
    expect(result.stderr).toContain('The result could not be written to ');
  });

  test('describe-host ends its output with the message, which systemctl status shows', async () => {
    const msg = 'The option "a\\b" is {"msg":"no"}.\nCorrect it.';
    const { stdout } = await run(JSON.stringify({ changed: false, failed: true, msg, x: {} }), 1);
    expect(stdout.split('\n').slice(1)).toEqual(['The option "a\\b" is {"msg":"no"}. Correct it.']);
  });

  test("the unit's status shows the progress of describe-host, and at the end the message of describe-host's result", async () => {
    await sandbox.replaceProgram('systemd-notify', `echo "$*" >>'${sandbox.path('/notified')}'`);
    vi.stubEnv('PATH', sandbox.env['PATH']);
    vi.stubEnv('NOTIFY_SOCKET', '/nowhere');
    await run(failedAnswer('not_enrolled'), 1);
    vi.unstubAllEnvs();
    const statuses = await readFile(sandbox.path('/notified'), 'utf8');
    expect(statuses).toMatch(/^--status=Waiting for the JumpCloud agent .*\n--status=x\n$/);
  });

  test('describe-host exits with 1 when the module is missing', async () => {
    const program = await installProgram('describe-host');
    const result = await execa(program, ['/etc/jumpcloud/host.json'], { reject: false });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain('jumpcloud_host');
  });

  test('if describe-host and the module get SIGTERM, describe-host prints the answer of the module and exits with 0', async () => {
    await sandbox.write('/answer', failedAnswer('interrupted'));
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `trap 'cat "${sandbox.path('/answer')}"; exit 1' TERM`,
      `: >"${sandbox.path('/started')}"`,
      'n=0; while [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done',
    );
    const program = execa(await installProgram('describe-host'), ['x'], {
      reject: false,
      detached: true,
    });
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
    const lines = jobs.map((job) => (job.startsWith('exit') ? job : `echo '${job}'`));
    await sandbox.replaceProgram('systemctl', ...lines, 'exit 0');
    const words = ['/etc/jumpcloud/removal.json', `${RESULTS_DIRECTORY}/jumpcloud-removal.json`];
    await mkdir(sandbox.path(RESULTS_DIRECTORY), { recursive: true });
    return execa(
      await installProgram('remove-on-poweroff'),
      words.map((path) => sandbox.path(path)),
      { env: sandbox.env, reject: false },
    );
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
    'remove-on-poweroff deletes the record when systemd starts %s',
    async (target) => {
      const result = await stop(...OTHER_JOBS, `12 ${target} start waiting`);
      expect(result, result.stdout).toMatchObject({ exitCode: 0 });
      expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(false);
      expect(await readLastResult('jumpcloud-removal')).toMatchObject({
        unit: 'jumpcloud-removal.service',
        outcome: 'changed',
        result: JSON.parse(result.stdout),
      });
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
    expect(await readLastResult('jumpcloud-removal')).toMatchObject({ outcome: 'failed' });
    expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(true);
  });

  test('remove-on-poweroff removes nothing when removal.json cannot be read', async () => {
    await sandbox.write('/etc/jumpcloud/host.json', '{}');
    await symlink('/nowhere', sandbox.path('/etc/jumpcloud/removal.json'));
    expect(await stop('12 poweroff.target start waiting')).toMatchObject({ exitCode: 1 });
    expect(sandbox.writes()).toEqual([]);
  });

  test('remove-on-poweroff removes nothing when systemctl fails, and points to the Admin Portal', async () => {
    const { exitCode, stderr } = await stop('exit 1');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^systemctl failed, .*look for it in the Admin Portal\.$/);
    expect(await readLastResult('jumpcloud-removal')).toMatchObject({
      outcome: 'failed',
      result: null,
    });
    expect(sandbox.writes()).toEqual([]);
  });

  test.each([
    ['a reboot', '12 reboot.target start waiting'],
    ['kexec', '12 kexec.target start waiting'],
    ['a soft reboot', '12 soft-reboot.target start waiting'],
    ['a cancelled poweroff', '12 poweroff.target stop waiting'],
    ['a manual stop of the unit', '7 jumpcloud-removal.service stop running'],
    ['a stop without any job', 'exit 0'],
  ])('%s leaves the host in JumpCloud', async (_, job) => {
    const result = await stop(job);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toBe('This host is not being powered off: it stays in JumpCloud.');
    expect(sandbox.writes()).toEqual([]);
    expect(await readdir(sandbox.path(RESULTS_DIRECTORY))).toEqual([]);
  });
});

const hasAnalyze = hasPrograms("systemd-analyze over the packages' units", 'systemd-analyze');

test.runIf(hasAnalyze).each(UNIT_NAMES)('systemd-analyze verify accepts %s', async (unit) => {
  for (const name of ['describe-host', 'remove-on-poweroff']) await installProgram(name);
  const installed = '/usr/lib/jumpcloud-system-context/';
  for (const name of UNIT_NAMES) {
    const text = await readFile(join(UNIT_DIRECTORY, name), 'utf8');
    await sandbox.write(`/units/${name}`, text.replaceAll(installed, sandbox.path(installed)));
  }
  const words = ['verify', '--man=no', '--recursive-errors=no', sandbox.path(`/units/${unit}`)];
  const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
});

/**
 * The highest exposure that systemd-analyze may report, times ten. Without sandboxing, the units
 * would have 93 and 96.
 */
const MAX_EXPOSURE_TENTHS = 30;

test
  .runIf(hasAnalyze && (await canRateOffline()))
  .each(UNIT_NAMES.filter((name) => name.endsWith('.service')))(
  'systemd-analyze security rates %s at 3.0 or less',
  async (unit) => {
    const words = [
      'security',
      '--offline=true',
      `--threshold=${MAX_EXPOSURE_TENTHS}`,
      '--no-pager',
    ];
    const result = await execa('systemd-analyze', [...words, join(UNIT_DIRECTORY, unit)], {
      reject: false,
    });
    expect(result, result.stdout).toMatchObject({ exitCode: 0 });
    console.log(/Overall exposure level .*: [\d.]+/.exec(result.stdout)?.[0]);
  },
);

/** Returns whether systemd-analyze is of version 250 or later, which rates unit files. */
async function canRateOffline(): Promise<boolean> {
  const { stdout } = await execa('systemd-analyze', ['--version'], { reject: false });
  return Number(/^systemd (\d+)/.exec(stdout)?.[1]) >= 250;
}

test('the timer and the path unit start the unit that restarts jumpcloud-host.service', async () => {
  for (const unit of ['jumpcloud-host.timer', 'jumpcloud-host.path']) {
    const text = await readFile(join(UNIT_DIRECTORY, unit), 'utf8');
    expect(text).toContain('\nUnit=jumpcloud-host-apply.service\n');
  }
  const apply = await readFile(join(UNIT_DIRECTORY, 'jumpcloud-host-apply.service'), 'utf8');
  expect(apply).toMatch(/^ExecStart=.* restart jumpcloud-host\.service$/m);
  expect(apply).not.toContain('[Install]');
});

test('the systemd preset has a `disable` line for every unit with an [Install] section, and for no other', async () => {
  const path = 'packaging/systemd/presets/80-jumpcloud-system-context.preset';
  const preset = await readFile(join(projectDirectory, path), 'utf8');
  const disabled = [...preset.matchAll(/^disable (.*)$/gm)].map(([, unit]) => unit);
  const texts = await Promise.all(
    UNIT_NAMES.map((name) => readFile(join(UNIT_DIRECTORY, name), 'utf8')),
  );
  const installable = UNIT_NAMES.filter((_, index) => texts[index]?.includes('[Install]'));
  expect(disabled.sort()).toEqual(installable.sort());
});

test('each example document is JSON, and its service contains the path of the document in /etc/jumpcloud', async () => {
  for (const name of ['host', 'removal']) {
    const example = join(projectDirectory, `packaging/examples/${name}.json`);
    expect(JSON.parse(await readFile(example, 'utf8'))).toBeTypeOf('object');
    const unit = await readFile(join(UNIT_DIRECTORY, `jumpcloud-${name}.service`), 'utf8');
    expect(unit).toContain(
      ` /etc/jumpcloud/${name}.json ${RESULTS_DIRECTORY}/jumpcloud-${name}.json\n`,
    );
  }
});
