import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import type { Fault } from '../emulator/faults.ts';
import { hasTool } from './has-tool.ts';
import { IDS, type Sandbox, test } from './sandbox.ts';

const SCRIPTS = [
  'shell/boot.sh',
  'shell/metrics.sh',
  'systemd/remove-on-poweroff.sh',
  'packer/install.sh',
];

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: shared, sandbox: own }) => {
  emulator = shared;
  sandbox = own;
});

describe('a boot script', () => {
  /** Runs it with the document, changed if need be. */
  const boot = async (change?: (text: string) => string) => {
    const document = await sandbox.place('shell/host.json', change);
    const script = await sandbox.place('shell/boot.sh');
    return execa(script, [document], { env: sandbox.env, reject: false, all: true });
  };

  test('describes the host, and changes nothing at the next boot', async () => {
    const { systemId } = sandbox.host;
    expect(await boot()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(emulator.store.record(systemId)).toMatchObject({
      allowSshPasswordAuthentication: false,
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'environment', value: 'production' },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web, IDS.monitored]);
    expect(new Map(emulator.store.edgesOf(systemId, 'user'))).toEqual(
      new Map([
        [IDS.admin, { sudo: { enabled: true, withoutPassword: false } }],
        [IDS.guest, undefined],
      ]),
    );
    expect(emulator.store.hasEdge(systemId, 'policy', IDS.policy)).toBe(true);
    expect(emulator.store.hasEdge(systemId, 'command', IDS.command)).toBe(true);
    expect(sandbox.writes()).toHaveLength(7);

    expect(await boot()).toMatchObject({ exitCode: 0 });
    expect(sandbox.writes()).toEqual([]);
  });

  test('brings back all that a stop has taken away', async () => {
    const { systemId } = sandbox.host;
    await boot();
    const described = emulator.store.snapshot(systemId);
    const removal = sandbox.path('/usr/local/lib/jumpcloud/jumpcloud_removal');
    await execa(removal, ['{"scope": "associations"}'], { env: sandbox.env });
    expect(emulator.store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
    expect(await boot()).toMatchObject({ exitCode: 0 });
    expect(emulator.store.snapshot(systemId)).toEqual(described);
  });

  const later = { 'retry-after': '9999' };
  test.each<[reason: string, fault: Fault, exitCode: number]>([
    ['JumpCloud is busy', { kind: 'status', status: 429, headers: later }, 75],
    ['JumpCloud is down', { kind: 'status', status: 503, headers: later }, 75],
    ['JumpCloud refuses', { kind: 'status', status: 403 }, 1],
    ['JumpCloud does not know this host', { kind: 'status', status: 401 }, 1],
  ])('when %s, its exit status says whether to run it again', async (_, fault, exitCode) => {
    emulator.faults.add({ fault, times: 9, when: ({ url }) => url.includes('/memberof') });
    const ran = await boot();
    emulator.faults.clear();
    expect(ran.exitCode, ran.all).toBe(exitCode);
    expect(JSON.parse(ran.stdout.split('\n')[0] ?? '')).toMatchObject({
      failed: true,
      error: { section: 'groups' },
    });
    expect(sandbox.writes()).toEqual([]);
  });

  test('is to be run again while the agent has not registered', async () => {
    await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
    const ran = await boot((text) => text.replace(/600/, '0.2'));
    expect(ran.exitCode, ran.all).toBe(75);
    await sandbox.host.writeFiles();
    expect(await boot()).toMatchObject({ exitCode: 0 });
  });

  test('is not, where there is no Node.js', async () => {
    const env = { ...sandbox.env, JUMPCLOUD_NODE: sandbox.path('/no-node') };
    const script = await sandbox.place('shell/boot.sh');
    const ran = await execa(script, ['{}'], { env, reject: false });
    expect(ran.exitCode).toBe(1);
    expect(JSON.parse(ran.stdout.split('\n')[0] ?? '')).toMatchObject({
      error: { code: 'local_action_failed' },
    });
    expect(ran.stdout).toContain('Node.js');
  });

  test('that systemd stops has not failed', async () => {
    emulator.faults.add({ fault: { kind: 'slow', ms: 20_000 } });
    const before = { ...emulator.faults.injected };
    const script = await sandbox.place('shell/boot.sh');
    const document = await sandbox.place('shell/host.json');
    const running = execa(script, [document], { env: sandbox.env, reject: false, detached: true });
    const isMet = () => expect(emulator.faults.injected).not.toEqual(before);
    await vi.waitFor(isMet, { timeout: 10_000 });
    // To all of the unit's processes, as systemd sends it.
    process.kill(-Number(running.pid), 'SIGTERM');
    const { exitCode, stdout } = await running;
    emulator.faults.clear();
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
      error: { code: 'interrupted' },
    });
  });
});

describe('the metrics script', () => {
  const metrics = async () => {
    const script = await sandbox.place('shell/metrics.sh');
    const { stdout } = await execa(script, [sandbox.path('/results')]);
    return stdout.split('\n').filter((line) => !line.startsWith('#'));
  };

  test('prints time and outcome of the last run of every unit', async () => {
    // The boot script writes the file that the script reads; quotes in a result do not confuse it.
    const boot = await sandbox.place('shell/boot.sh');
    const document = sandbox.path('/host.json');
    await sandbox.write('/host.json', '{"outcome":"changed","unit":"x"}');
    await sandbox.write('/results/jumpcloud-removal.json', 'not a result');
    const file = sandbox.path('/results/jumpcloud-host.json');
    const ran = await execa(boot, [document, file], { env: sandbox.env, reject: false });
    expect(ran).toMatchObject({ exitCode: 1 });
    const { timestamp } = JSON.parse(await readFile(file, 'utf8'));
    expect(await metrics()).toEqual([
      `jumpcloud_last_run_timestamp_seconds{unit="jumpcloud-host.service"} ${timestamp}`,
      'jumpcloud_last_run_outcome{unit="jumpcloud-host.service",outcome="failed"} 1',
    ]);
  });

  test('prints no sample before the first run', async () => {
    expect(await metrics()).toEqual([]);
  });
});

test.each(SCRIPTS)('%s is a shell script without a mistake', async (script) => {
  await execa('sh', ['-n', await sandbox.place(script)]);
});
test.runIf(hasTool('shellcheck over the shell scripts', 'shellcheck')).each(SCRIPTS)(
  'shellcheck finds nothing in %s',
  async (script) => {
    await execa('shellcheck', [await sandbox.place(script)]);
  },
);
