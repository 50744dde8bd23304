import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, vi } from 'vitest';
import { projectFolder } from '../../scripts/build/project-folder.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from '../examples/has-tool.ts';
import { IDS, type Sandbox, test } from '../examples/sandbox.ts';

const PROGRAMS = join(projectFolder, 'packaging/systemd/programs');
const UNITS = join(projectFolder, 'packaging/systemd/units');
const UNIT_NAMES = await readdir(UNITS);
/** Where the units keep the last result of a run. */
const RESULTS = '/run/jumpcloud-system-context';

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: shared, sandbox: own }) => {
  emulator = shared;
  sandbox = own;
});

/** Puts one of the packages' programs into the sandbox, where /usr/bin is a folder of it. */
async function place(name: string): Promise<string> {
  const text = await readFile(join(PROGRAMS, name), 'utf8');
  const [, ...lines] = text.replaceAll('/usr/bin/', sandbox.path('/usr/bin/')).split('\n');
  await sandbox.program(`/usr/lib/jumpcloud-system-context/${name}`, ...lines);
  return sandbox.path(`/usr/lib/jumpcloud-system-context/${name}`);
}

/** Reads the file with the last result of a unit. */
async function lastResult(unit: string): Promise<Record<string, unknown>> {
  const text = await readFile(sandbox.path(`${RESULTS}/${unit}.json`), 'utf8');
  expect(text.split('\n')).toHaveLength(2);
  return JSON.parse(text);
}

describe('the program of jumpcloud-host.service', () => {
  const failed = (code: string, details = {}) =>
    JSON.stringify({
      changed: false,
      failed: true,
      msg: 'x',
      error: { code, attempts: 1, ...details },
      warnings: [],
    });
  const run = async (answer: string, status: number) => {
    await sandbox.program(
      '/usr/bin/jumpcloud_host',
      `echo "$*" >"${sandbox.path('/asked')}"`,
      `printf '%s\\n' '${answer}'`,
      `exit ${status}`,
    );
    const words = ['/etc/jumpcloud/host.json', sandbox.path(`${RESULTS}/jumpcloud-host.json`)];
    return execa(await place('describe-host'), words, { reject: false });
  };

  beforeEach(() => mkdir(sandbox.path(RESULTS), { recursive: true }));

  test('hands the document over, prints the answer, and succeeds as the module does', async () => {
    const answer = JSON.stringify({ changed: true, msg: 'Changed.', warnings: [] });
    expect(await run(answer, 0)).toMatchObject({ exitCode: 0, stdout: `${answer}\nChanged.` });
    expect(await readFile(sandbox.path('/asked'), 'utf8')).toBe('/etc/jumpcloud/host.json\n');
  });

  test.each(['not_enrolled', 'unavailable', 'rate_limited', 'interrupted'])(
    'asks to be run again after %s',
    async (code) => {
      expect(await run(failed(code), 1)).toMatchObject({
        exitCode: 75,
        stdout: `${failed(code)}\nx`,
      });
    },
  );

  test.each([
    ['CERT_NOT_YET_VALID', 75],
    ['CERT_HAS_EXPIRED', 75],
    ['SELF_SIGNED_CERT_IN_CHAIN', 1],
  ])('after a certificate is refused with %s, exits with %i', async (reason, exitCode) => {
    expect(await run(failed('tls', { reason }), 1)).toMatchObject({ exitCode });
  });

  test.each(['invalid_arguments', 'unauthorized', 'rejected', 'tls', 'local_action_failed'])(
    'fails for good after %s',
    async (code) => {
      expect(await run(failed(code), 1)).toMatchObject({
        exitCode: 1,
        stdout: `${failed(code)}\nx`,
      });
    },
  );

  test.each([
    ['changed', { changed: true, msg: 'Changed "a\\b".\nDone.', warnings: [] }, 0],
    ['unchanged', { changed: false, msg: 'x', warnings: [] }, 0],
    ['retrying', JSON.parse(failed('not_enrolled')), 1],
    ['failed', JSON.parse(failed('unauthorized')), 1],
  ])(
    'writes the outcome "%s", the time and the result to the file',
    async (outcome, result, status) => {
      const before = Math.floor(Date.now() / 1000);
      await run(JSON.stringify(result), status);
      const { time, timestamp, ...rest } = await lastResult('jumpcloud-host');
      expect(rest).toEqual({ unit: 'jumpcloud-host.service', outcome, result });
      expect(timestamp).toBeGreaterThanOrEqual(before);
      expect(time).toBe(new Date(Number(timestamp) * 1000).toISOString().replace('.000', ''));
      const { mode } = await stat(sandbox.path(`${RESULTS}/jumpcloud-host.json`));
      expect(mode & 0o777).toBe(0o600);
      expect(await readdir(sandbox.path(RESULTS))).toEqual(['jumpcloud-host.json']);
    },
  );

  test('writes null as the result of a module that printed no JSON object', async () => {
    expect(await run('Killed', 137)).toMatchObject({ exitCode: 1 });
    expect(await lastResult('jumpcloud-host')).toMatchObject({ outcome: 'failed', result: null });
  });

  test('keeps its exit status if the result cannot be written', async () => {
    await mkdir(sandbox.path(`${RESULTS}/jumpcloud-host.json.new`));
    const ran = await run(failed('not_enrolled'), 1);
    expect(ran).toMatchObject({ exitCode: 75, stdout: `${failed('not_enrolled')}\nx` });
    expect(ran.stderr).toContain('The result could not be written to ');
  });

  test('ends with the sentence of the answer, for systemctl status to show', async () => {
    const msg = 'The option "a\\b" is {"msg":"no"}.\nCorrect it.';
    const { stdout } = await run(JSON.stringify({ changed: false, failed: true, msg, x: {} }), 1);
    expect(stdout.split('\n').slice(1)).toEqual(['The option "a\\b" is {"msg":"no"}. Correct it.']);
  });

  test('tells systemd what it does, then what came of it', async () => {
    await sandbox.standIn('systemd-notify', `echo "$*" >>'${sandbox.path('/notified')}'`);
    vi.stubEnv('PATH', sandbox.env['PATH']);
    vi.stubEnv('NOTIFY_SOCKET', '/nowhere');
    await run(failed('not_enrolled'), 1);
    vi.unstubAllEnvs();
    const told = await readFile(sandbox.path('/notified'), 'utf8');
    expect(told).toMatch(/^--status=Waiting for the JumpCloud agent .*\n--status=x\n$/);
  });

  test('fails for good where there is no module', async () => {
    const program = await place('describe-host');
    const ran = await execa(program, ['/etc/jumpcloud/host.json'], { reject: false });
    expect(ran).toMatchObject({ exitCode: 1 });
    expect(ran.stderr).toContain('jumpcloud_host');
  });

  test('when stopped, waits for the answer, prints it, and does not count it as a failure', async () => {
    await sandbox.write('/answer', failed('interrupted'));
    await sandbox.program(
      '/usr/bin/jumpcloud_host',
      `trap 'cat "${sandbox.path('/answer')}"; exit 1' TERM`,
      `: >"${sandbox.path('/started')}"`,
      'n=0; while [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done',
    );
    // As systemd does: the signal goes to every process of the unit.
    const program = execa(await place('describe-host'), ['x'], { reject: false, detached: true });
    await expect.poll(() => readFile(sandbox.path('/started'), 'utf8').catch(() => null)).toBe('');
    process.kill(-(program.pid ?? 0), 'SIGTERM');
    expect(await program).toMatchObject({ exitCode: 0, stdout: `${failed('interrupted')}\nx` });
  });
});

describe('the program of jumpcloud-removal.service', () => {
  const stop = async (...jobs: string[]) => {
    await sandbox.standIn('systemctl', ...jobs.map((job) => `echo '${job}'`), 'exit 0');
    // The sandbox's stand-ins call the real module with the emulator's address.
    const module = sandbox.path('/usr/local/lib/jumpcloud/jumpcloud_removal');
    await sandbox.program('/usr/bin/jumpcloud_removal', `exec '${module}' "$@"`);
    const words = ['/etc/jumpcloud/removal.json', `${RESULTS}/jumpcloud-removal.json`];
    await mkdir(sandbox.path(RESULTS), { recursive: true });
    return execa(
      await place('remove-on-poweroff'),
      words.map((path) => sandbox.path(path)),
      { env: sandbox.env, reject: false },
    );
  };
  const OTHERS = ['7 jumpcloud-removal.service stop running', '9 shutdown.target start waiting'];

  beforeEach(() => {
    const { systemId } = sandbox.host;
    emulator.store.join(systemId, IDS.web);
    emulator.store.associate(systemId, 'user', IDS.admin);
  });

  test.each(['poweroff.target', 'halt.target'])('removes the host on %s', async (target) => {
    const ran = await stop(...OTHERS, `12 ${target} start waiting`);
    expect(ran, ran.stdout).toMatchObject({ exitCode: 0 });
    expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(false);
    expect(await lastResult('jumpcloud-removal')).toMatchObject({
      unit: 'jumpcloud-removal.service',
      outcome: 'changed',
      result: JSON.parse(ran.stdout),
    });
  });

  test('does what removal.json says instead', async () => {
    const { systemId } = sandbox.host;
    const example = join(projectFolder, 'packaging/examples/removal.json');
    await sandbox.write('/etc/jumpcloud/removal.json', await readFile(example, 'utf8'));
    const ran = await stop('12 poweroff.target start waiting', ...OTHERS);
    expect(ran, ran.stdout).toMatchObject({ exitCode: 0 });
    expect(emulator.store.systems.has(systemId)).toBe(true);
    expect(emulator.store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
  });

  test('removes nothing when removal.json cannot be understood', async () => {
    await sandbox.write('/etc/jumpcloud/removal.json', '{"scope": "assoc');
    const ran = await stop('12 poweroff.target start waiting');
    expect(ran).toMatchObject({ exitCode: 1 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'invalid_arguments' } });
    expect(ran.stderr).toContain('look for it in the Admin Portal');
    expect(await lastResult('jumpcloud-removal')).toMatchObject({ outcome: 'failed' });
    expect(emulator.store.systems.has(sandbox.host.systemId)).toBe(true);
  });

  test.each([
    ['it reboots', '12 reboot.target start waiting'],
    ['it boots another kernel', '12 kexec.target start waiting'],
    ['its user space alone is restarted', '12 soft-reboot.target start waiting'],
    ['a power-off was called off', '12 poweroff.target stop waiting'],
    ['the unit is stopped by hand', '7 jumpcloud-removal.service stop running'],
  ])('leaves the host in JumpCloud when %s', async (_, job) => {
    const ran = await stop(job);
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.stdout).toBe('This host is not being powered off: it stays in JumpCloud.');
    expect(sandbox.writes()).toEqual([]);
    expect(await readdir(sandbox.path(RESULTS))).toEqual([]);
  });
});

const hasAnalyze = hasTool("systemd-analyze over the packages' units", 'systemd-analyze');

test.runIf(hasAnalyze).each(UNIT_NAMES)('systemd finds nothing wrong with %s', async (unit) => {
  for (const name of ['describe-host', 'remove-on-poweroff']) await place(name);
  const installed = '/usr/lib/jumpcloud-system-context/';
  for (const name of UNIT_NAMES) {
    const text = await readFile(join(UNITS, name), 'utf8');
    await sandbox.write(`/units/${name}`, text.replaceAll(installed, sandbox.path(installed)));
  }
  const words = ['verify', '--man=no', '--recursive-errors=no', sandbox.path(`/units/${unit}`)];
  const { stdout, stderr, exitCode } = await execa('systemd-analyze', words, { reject: false });
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 0 });
});

/** The exposure that is allowed, times ten. Without the sandbox it is 93 and 96. */
const THRESHOLD = 30;

test
  .runIf(hasAnalyze && (await canRateOffline()))
  .each(UNIT_NAMES.filter((name) => name.endsWith('.service')))(
  'systemd-analyze security rates %s at 3.0 or less',
  async (unit) => {
    const words = ['security', '--offline=true', `--threshold=${THRESHOLD}`, '--no-pager'];
    const ran = await execa('systemd-analyze', [...words, join(UNITS, unit)], { reject: false });
    expect(ran, ran.stdout).toMatchObject({ exitCode: 0 });
    console.log(/Overall exposure level .*: [\d.]+/.exec(ran.stdout)?.[0]);
  },
);

/** Returns whether systemd-analyze is of version 250 or later, which rates unit files. */
async function canRateOffline(): Promise<boolean> {
  const { stdout } = await execa('systemd-analyze', ['--version'], { reject: false });
  return Number(/^systemd (\d+)/.exec(stdout)?.[1]) >= 250;
}

test('the timer and the path unit start the unit that restarts jumpcloud-host.service', async () => {
  for (const unit of ['jumpcloud-host.timer', 'jumpcloud-host.path']) {
    const text = await readFile(join(UNITS, unit), 'utf8');
    expect(text).toContain('\nUnit=jumpcloud-host-apply.service\n');
  }
  const apply = await readFile(join(UNITS, 'jumpcloud-host-apply.service'), 'utf8');
  expect(apply).toMatch(/^ExecStart=.* restart jumpcloud-host\.service$/m);
  expect(apply).not.toContain('[Install]');
});

test('the preset disables every unit that can be enabled', async () => {
  const path = 'packaging/systemd/presets/80-jumpcloud-system-context.preset';
  const preset = await readFile(join(projectFolder, path), 'utf8');
  const disabled = [...preset.matchAll(/^disable (.*)$/gm)].map(([, unit]) => unit);
  const texts = await Promise.all(UNIT_NAMES.map((name) => readFile(join(UNITS, name), 'utf8')));
  const installable = UNIT_NAMES.filter((_, index) => texts[index]?.includes('[Install]'));
  expect(disabled.sort()).toEqual(installable.sort());
});

test('the examples are documents, and the units name their places', async () => {
  for (const name of ['host', 'removal']) {
    const example = join(projectFolder, `packaging/examples/${name}.json`);
    expect(JSON.parse(await readFile(example, 'utf8'))).toBeTypeOf('object');
    const unit = await readFile(join(UNITS, `jumpcloud-${name}.service`), 'utf8');
    expect(unit).toContain(` /etc/jumpcloud/${name}.json ${RESULTS}/jumpcloud-${name}.json\n`);
  }
});
