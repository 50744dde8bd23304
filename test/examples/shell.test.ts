import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, vi } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import type { Fault } from '../emulator/faults.ts';
import { hasPrograms } from './has-programs.ts';
import { IDS, type Sandbox, test } from './sandbox.ts';

const SCRIPTS = [
  'shell/boot.sh',
  'shell/metrics.sh',
  'systemd/install.sh',
  'packer/install.sh',
  'packer/seal.sh',
];

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: sharedEmulator, sandbox: newSandbox }) => {
  emulator = sharedEmulator;
  sandbox = newSandbox;
});

/** Returns the path of the packaged program describe-host in the sandbox. */
const describeHostPath = () => sandbox.path('/usr/lib/jumpcloud-system-context/describe-host');

describe('shell/boot.sh', () => {
  test('the boot script runs the packaged program again each minute until it succeeds', async () => {
    const conf = join(sandbox.host.agentDir, 'jcagent.conf');
    await rename(conf, sandbox.path('/conf'));
    await sandbox.replaceProgram(
      'sleep',
      `[ "$1" = 60 ] && mv '${sandbox.path('/conf')}' '${conf}'`,
    );
    const document = await sandbox.place('shell/host.json', (text) => text.replace('600', '0.2'));
    const script = await sandbox.place('shell/boot.sh');
    const result = await execa(script, [document], { env: sandbox.env, reject: false, all: true });
    expect(result.exitCode, result.all).toBe(0);
    expect(result.stdout.match(/"changed":/g)).toHaveLength(2);
    expect(emulator.store.groupsOf(sandbox.host.systemId)).toEqual([IDS.web, IDS.monitored]);
  });

  test('the boot script does not retry an error that a person must correct', async () => {
    await sandbox.replaceProgram('sleep', 'exit 9');
    const script = await sandbox.place('shell/boot.sh');
    const result = await execa(script, [sandbox.path('/none')], {
      env: sandbox.env,
      reject: false,
    });
    expect(result).toMatchObject({ exitCode: 1 });
  });
});

describe('the packaged program describe-host, which exits with 75 to request a retry', () => {
  /** Runs describe-host with the example document, which `change` can edit. */
  const boot = async (change?: (text: string) => string) => {
    const document = await sandbox.place('shell/host.json', change);
    return execa(describeHostPath(), [document], { env: sandbox.env, reject: false, all: true });
  };

  test('the first boot configures the host and the next boot changes nothing', async () => {
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

  test('a boot restores all associations that jumpcloud_removal has deleted', async () => {
    const { systemId } = sandbox.host;
    await boot();
    const before = emulator.store.snapshot(systemId);
    const removal = sandbox.path('/usr/bin/jumpcloud_removal');
    await execa(removal, ['{"scope": "associations"}'], { env: sandbox.env });
    expect(emulator.store.snapshot(systemId)).toEqual({ groups: [], edges: [] });
    expect(await boot()).toMatchObject({ exitCode: 0 });
    expect(emulator.store.snapshot(systemId)).toEqual(before);
  });

  const headers = { 'retry-after': '9999' };
  test.each<[cause: string, exitCode: number, fault: Fault]>([
    ['a 429 answer', 75, { kind: 'status', status: 429, headers }],
    ['a 503 answer', 75, { kind: 'status', status: 503, headers }],
    ['a 403 answer', 1, { kind: 'status', status: 403 }],
    ['a 401 answer', 1, { kind: 'status', status: 401 }],
  ])('after %s, describe-host exits with %i', async (_, exitCode, fault) => {
    emulator.faults.add({ fault, times: 9, when: ({ url }) => url.includes('/memberof') });
    const result = await boot();
    emulator.faults.clear();
    expect(result.exitCode, result.all).toBe(exitCode);
    expect(JSON.parse(result.stdout.split('\n')[0] ?? '')).toMatchObject({
      failed: true,
      error: { section: 'groups' },
    });
    expect(sandbox.writes()).toEqual([]);
  });

  test('describe-host exits with 75 while the agent has not registered', async () => {
    await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
    const result = await boot((text) => text.replace(/600/, '0.2'));
    expect(result.exitCode, result.all).toBe(75);
    await sandbox.host.writeFiles();
    expect(await boot()).toMatchObject({ exitCode: 0 });
  });

  test('describe-host exits with 75 while a fact is unavailable', async () => {
    const document = sandbox.path('/host.json');
    const text = '{"system": {"display_name": "{env.NAME_OF_HOST}"}, "expand_facts": true}';
    await sandbox.write('/host.json', text);
    const bootWith = (variables: Record<string, string>) => {
      const env = { ...sandbox.env, ...variables };
      return execa(describeHostPath(), [document], { env, reject: false, all: true });
    };
    const result = await bootWith({});
    expect(result.exitCode, result.all).toBe(75);
    expect(JSON.parse(result.stdout.split('\n')[0] ?? '')).toMatchObject({
      error: { code: 'fact_unavailable' },
    });
    expect(await bootWith({ NAME_OF_HOST: 'web-7' })).toMatchObject({ exitCode: 0 });
    expect(emulator.store.record(sandbox.host.systemId).displayName).toBe('web-7');
  });

  test('describe-host exits with 1 on a host without Node.js', async () => {
    const env = { ...sandbox.env, JUMPCLOUD_NODE: sandbox.path('/no-node') };
    const result = await execa(describeHostPath(), ['{}'], { env, reject: false });
    expect(result.exitCode).toBe(1);
    expect(JSON.parse(result.stdout.split('\n')[0] ?? '')).toMatchObject({
      error: { code: 'local_action_failed' },
    });
    expect(result.stdout).toContain('Node.js');
  });

  test('describe-host exits with 0 when systemd stops it', async () => {
    emulator.faults.add({ fault: { kind: 'slow', ms: 20_000 } });
    const before = { ...emulator.faults.injected };
    const document = await sandbox.place('shell/host.json');
    const running = execa(describeHostPath(), [document], {
      env: sandbox.env,
      reject: false,
      detached: true,
    });
    const expectInjected = () => expect(emulator.faults.injected).not.toEqual(before);
    await vi.waitFor(expectInjected, { timeout: 10_000 });
    // Signals the whole process group, as systemd signals all processes of a unit.
    process.kill(-Number(running.pid), 'SIGTERM');
    const { exitCode, stdout } = await running;
    emulator.faults.clear();
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
      error: { code: 'interrupted' },
    });
  });
});

describe('shell/metrics.sh', () => {
  /** Runs the metrics script and returns the samples that it prints. */
  const metrics = async () => {
    const script = await sandbox.place('shell/metrics.sh');
    const { stdout } = await execa(script, [sandbox.path('/results')]);
    return stdout.split('\n').filter((line) => !line.startsWith('#'));
  };

  test('the metrics script prints the time and the outcome of the last run of a unit', async () => {
    // describe-host writes the file that the metrics script reads. The quotes in the document
    // must not confuse the metrics script.
    const document = sandbox.path('/host.json');
    await sandbox.write('/host.json', '{"outcome":"changed","unit":"x"}');
    await sandbox.write('/results/jumpcloud-removal.json', 'not a result');
    const file = sandbox.path('/results/jumpcloud-host.json');
    const result = await execa(describeHostPath(), [document, file], {
      env: sandbox.env,
      reject: false,
    });
    expect(result).toMatchObject({ exitCode: 1 });
    const { timestamp } = JSON.parse(await readFile(file, 'utf8'));
    expect(await metrics()).toEqual([
      `jumpcloud_last_run_timestamp_seconds{unit="jumpcloud-host.service"} ${timestamp}`,
      'jumpcloud_last_run_outcome{unit="jumpcloud-host.service",outcome="failed"} 1',
    ]);
  });

  test('the metrics script prints no sample before the first run', async () => {
    expect(await metrics()).toEqual([]);
  });
});

describe('shell/alerts.yml', () => {
  /** Returns a host's input series for promtool: its boot at minute 0, and its outcomes. */
  const host = (instance: string, outcomes: Record<string, string>) => {
    const series = (metric: string, labels: string, values: string) => ({
      series: `${metric}{instance="${instance}"${labels}}`,
      values,
    });
    return [
      series('node_boot_time_seconds', '', '0x60'),
      ...Object.entries(outcomes).map(([outcome, values]) =>
        series(
          'jumpcloud_last_run_outcome',
          `,unit="jumpcloud-host.service",outcome="${outcome}"`,
          values,
        ),
      ),
    ];
  };

  test.runIf(hasPrograms('the alerts in shell/alerts.yml', 'promtool'))(
    'an alert fires for a host that has had no successful run for 20 minutes, even if the host has no metric',
    async () => {
      const alert = (minute: number, ...instances: string[]) => ({
        eval_time: `${minute}m`,
        alertname: 'JumpCloudNotInDesiredState',
        exp_alerts: instances.map((instance) => ({ exp_labels: { instance } })),
      });
      const rules = {
        rule_files: [await sandbox.place('shell/alerts.yml')],
        tests: [
          {
            interval: '1m',
            input_series: [
              ...host('no run', {}),
              ...host('retrying', { retrying: '_ _ 1x58' }),
              ...host('described', { changed: '_ _ 1x58' }),
              ...host('later', { unchanged: '1x29 stale', retrying: '_x30 1x30' }),
            ],
            alert_rule_test: [
              alert(19),
              alert(21, 'no run', 'retrying'),
              alert(51, 'no run', 'retrying', 'later'),
            ],
          },
        ],
      };
      await sandbox.write('/rules.json', JSON.stringify(rules));
      await execa('promtool', ['test', 'rules', sandbox.path('/rules.json')]);
    },
  );

  test('the alerts use only metrics and outcomes that the units and scripts write', async () => {
    const alerts = await readFile(await sandbox.place('shell/alerts.yml'), 'utf8');
    const metrics = await readFile(await sandbox.place('shell/metrics.sh'), 'utf8');
    for (const [name] of alerts.matchAll(/jumpcloud_\w+/g))
      expect(metrics).toContain(`metric ${name} `);
    const outcomes = [...alerts.matchAll(/outcome=~?"(.*?)"/g)].flatMap(([, list]) =>
      list?.split('|'),
    );
    expect(new Set(outcomes)).toEqual(new Set(['changed', 'unchanged', 'failed']));
  });
});

test.each(SCRIPTS)('sh -n finds no syntax error in %s', async (script) => {
  await execa('sh', ['-n', await sandbox.place(script)]);
});
test.runIf(hasPrograms('shellcheck over the shell scripts', 'shellcheck')).each(SCRIPTS)(
  'shellcheck finds nothing in %s',
  async (script) => {
    await execa('shellcheck', [await sandbox.place(script)]);
  },
);
