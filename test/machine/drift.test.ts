import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { fetchedNodes, nodePath } from '../harness/nodes.ts';
import type { BaseKind } from './base-image.ts';
import { Container } from './container.ts';
import type { Member } from './fleet.ts';
import { RESULTS_DIRECTORY, readLastResult, waitForOutcome } from './last-result.ts';
import {
  bootUntilDesiredState,
  HOST_UNIT,
  matrix,
  REMOVAL_UNIT,
  saveJournal,
  saveStatus,
} from './matrix.ts';

const APPLY_UNIT = 'jumpcloud-host-apply.service';
const TIMER_UNIT = 'jumpcloud-host.timer';
const PATH_UNIT = 'jumpcloud-host.path';
const UNITS = [HOST_UNIT, REMOVAL_UNIT, APPLY_UNIT, TIMER_UNIT, PATH_UNIT];
const SERVICES = [HOST_UNIT, REMOVAL_UNIT, APPLY_UNIT];

const DOCS = join(projectDirectory, 'docs/systemd.md');
const LIBATOMIC = '/usr/lib/x86_64-linux-gnu/libatomic.so.1';

/** A drop-in that makes the timer elapse every few seconds instead of every hour. */
const everySeconds = (seconds: number) => `[Timer]
OnCalendar=
OnCalendar=*:*:0/${seconds}
RandomizedDelaySec=0
AccuracySec=100ms
`;

/** A unit that copies the result of the removal, because /run is gone after a poweroff. */
const COPY_RESULT_UNIT = `[Unit]
Before=${REMOVAL_UNIT}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/cp -a ${RESULTS_DIRECTORY}/jumpcloud-removal.json /var/
[Install]
WantedBy=multi-user.target
`;

/**
 * Writes the documented units that report a failed run. In this test, a report appends the result
 * file to /var/failures.
 */
async function installFailureUnits({ machine }: Member): Promise<void> {
  const text = await readFile(DOCS, 'utf8');
  const [, dropIn = ''] = /```ini\n(\[Unit\]\nOnFailure=.*?)```/s.exec(text) ?? [];
  const [, unit = ''] =
    /```ini\n(\[Service\]\nType=oneshot\nExecCondition=.*?)```/s.exec(text) ?? [];
  const report = `ExecStart=/bin/sh -c 'cat ${RESULTS_DIRECTORY}/jumpcloud-host.json >>/var/failures'`;
  await machine.write(`etc/systemd/system/${HOST_UNIT}.d/report.conf`, dropIn);
  await machine.write(
    'etc/systemd/system/jumpcloud-failed.service',
    unit.replace(/^ExecStart=.*/m, report),
  );
}

/** Waits until `read` returns the expected value. */
function waitForValue<T>(read: () => T, expected: T, seconds: number): Promise<void> {
  return vi.waitFor(() => expect(read()).toEqual(expected), {
    timeout: seconds * 1000,
    interval: 300,
  });
}

/** Enables the timer and makes it elapse every few seconds. */
async function enableTimer({ machine }: Member, seconds: number): Promise<void> {
  await machine.write(`etc/systemd/system/${TIMER_UNIT}.d/often.conf`, everySeconds(seconds));
  await machine.run('systemctl', 'daemon-reload');
  await machine.run('systemctl', 'enable', '--now', TIMER_UNIT);
}

describe.each<[BaseKind, number]>([
  ['trixie', 257],
  ['bookworm', 252],
  ['bullseye', 247],
])('%s, systemd %i', (kind, version) => {
  const { fleet, lifecycleTest, hasRecord, expectDesiredState } = matrix(Container.copy, { kind });
  const name = (title: string) => `systemd ${version}: ${title}`;
  const recordOf = ({ host }: Member) => fleet().emulator.store.record(host.systemId);
  const deletions = ({ host }: Member) =>
    fleet().emulator.requests.filter(
      ({ method, url, status }) =>
        method === 'DELETE' && url.includes(host.systemId) && status >= 200 && status < 300,
    ).length;

  lifecycleTest(
    name('the timer restores an attribute that was changed in JumpCloud'),
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      await bootUntilDesiredState(member);
      expect((await machine.run('systemctl', 'is-enabled', TIMER_UNIT)).stdout).toBe('disabled');
      expect((await machine.run('systemctl', 'is-enabled', PATH_UNIT)).stdout).toBe('disabled');
      await report('boot', member);
      await enableTimer(member, 10);
      recordOf(member).attributes = [{ name: 'role', value: 'changed' }];
      const since = Date.now();
      await waitForValue(() => recordOf(member).attributes, [{ name: 'role', value: 'web' }], 20);
      expectDesiredState(member);
      await report('the attribute is changed, the timer elapses every 10 s', member);
      await machine.waitForState(HOST_UNIT, 'exited', 10);
      const later = await waitForOutcome(member, 'unchanged', 20);
      expect(later.timestamp * 1000).toBeGreaterThan(since);
      await saveStatus(`drift-timer-${version}`, member, TIMER_UNIT);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      expect(deletions(member)).toBe(1);
      await saveJournal(`drift-timer-${version}`, member);
      await report('poweroff', member);
    },
  );

  lifecycleTest(name('the path unit applies a changed host.json'), async (report) => {
    const member = await fleet().add();
    const { machine } = member;
    await bootUntilDesiredState(member);
    await machine.run('systemctl', 'enable', '--now', PATH_UNIT);
    const documentWith = (displayName: string) =>
      JSON.stringify({ ...fleet().document, system: { display_name: displayName } });
    const expectName = (displayName: string) =>
      waitForValue(() => recordOf(member).displayName, displayName, 15);
    await report('boot', member);
    await machine.write('etc/jumpcloud/host.json', documentWith('written'));
    await expectName('written');
    await report('the document is written', member);
    await machine.write('etc/jumpcloud/new.json', documentWith('renamed'));
    await machine.run('mv', '/etc/jumpcloud/new.json', '/etc/jumpcloud/host.json');
    await expectName('renamed');
    await report('the document is replaced', member);
    for (let count = 1; count <= 20; count++) {
      await machine.write('etc/jumpcloud/host.json', documentWith(`saved ${count} times`));
    }
    await expectName('saved 20 times');
    expect(await machine.state(PATH_UNIT)).toMatch(/^active /);
    await report('the document is saved 20 times', member);
    await machine.run('rm', '/etc/jumpcloud/host.json');
    await sleep(1500);
    expect(await machine.state(HOST_UNIT)).toBe('active exited');
    expect(await machine.state(PATH_UNIT)).toMatch(/^active /);
    await machine.write('etc/jumpcloud/host.json', documentWith('back'));
    await expectName('back');
    await report('the document is removed and written again', member);
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expect(hasRecord(member)).toBe(false);
    await report('poweroff', member);
  });

  lifecycleTest(name('the timer restarts the unit that has failed permanently'), async (report) => {
    const member = await fleet().add({ agentDelay: 4, document: { registration_timeout: 1 } });
    const { machine } = member;
    await installFailureUnits(member);
    await machine.boot();
    const waiting = await waitForOutcome(member, 'retrying', 40);
    expect(waiting.result?.error?.code).toBe('not_enrolled');
    await machine.write('etc/jumpcloud/host.json', '{');
    await machine.run('systemctl', 'restart', HOST_UNIT);
    await machine.waitForState(HOST_UNIT, 'failed', 40);
    const failed = await waitForOutcome(member, 'failed', 5);
    await waitForValue(() => existsSync(join(machine.directory, 'var/failures')), true, 10);
    const failures = await readFile(join(machine.directory, 'var/failures'), 'utf8');
    expect(failures.match(/"outcome":"\w+"/g)).toEqual(['"outcome":"failed"']);
    expect(failed).toMatchObject({
      unit: HOST_UNIT,
      result: { changed: false, failed: true, error: { code: 'invalid_arguments' } },
    });
    expect(Date.parse(failed.time)).toBe(failed.timestamp * 1000);
    const modes = await machine.run(
      'stat',
      '-c',
      '%a %U',
      RESULTS_DIRECTORY,
      `${RESULTS_DIRECTORY}/${HOST_UNIT.replace('.service', '.json')}`,
    );
    expect(modes.stdout).toBe('700 root\n600 root');
    await report('boot, host.json is broken', member);
    await machine.write('etc/jumpcloud/host.json', JSON.stringify(fleet().document));
    await enableTimer(member, 5);
    // The timer may start the next run before the test reads the result of the first run.
    await waitForOutcome(member, ['changed', 'unchanged'], 30);
    expectDesiredState(member);
    await machine.waitForState(HOST_UNIT, 'exited', 20);
    await report('host.json is corrected, the timer elapses', member);
    await machine.run('systemctl', 'stop', TIMER_UNIT, HOST_UNIT);
    expect((await readLastResult(member)).unit).toBe(HOST_UNIT);
  });

  lifecycleTest(
    name('a poweroff during a run of the timer removes the record once'),
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      await machine.write('etc/systemd/system/copy-result.service', COPY_RESULT_UNIT);
      await bootUntilDesiredState(member);
      await machine.run('systemctl', 'enable', '--now', 'copy-result.service');
      await report('boot', member);
      fleet().emulator.faults.add({
        fault: { kind: 'slow', ms: 20_000 },
        when: ({ method, url }) => method === 'PUT' && url.includes(member.host.systemId),
      });
      recordOf(member).attributes = [];
      await enableTimer(member, 5);
      await waitForValue(() => member.hasSentPut(), true, 30);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      expect(deletions(member)).toBe(1);
      const kept = join(machine.directory, 'var/jumpcloud-removal.json');
      expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({
        unit: REMOVAL_UNIT,
        outcome: 'changed',
        result: { changed: true },
      });
      await saveJournal(`drift-poweroff-${version}`, member);
      await report('poweroff during a slow write', member);
    },
  );

  lifecycleTest(
    name('a poweroff removes the record once, four times, while the timer elapses every second'),
    async (report) => {
      for (const delay of [1000, 1300, 1600, 1900]) {
        const member = await fleet().add();
        const { machine } = member;
        await bootUntilDesiredState(member);
        await enableTimer(member, 1);
        await machine.run('systemctl', 'enable', '--now', PATH_UNIT);
        await sleep(delay);
        await machine.write('etc/jumpcloud/host.json', JSON.stringify(fleet().document));
        expect(await machine.end('systemctl', 'poweroff')).toBe('off');
        expect(hasRecord(member)).toBe(false);
        expect(deletions(member)).toBe(1);
        const journal = await saveJournal(`drift-every-second-${version}-${delay}`, member);
        expect(journal).toContain('"changed":true');
        await report(`poweroff ${delay} ms after the timer was started`, member);
        await machine.remove();
      }
    },
  );

  lifecycleTest(
    name('systemd accepts the units and rates their exposure at 3.0 or less'),
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      await bootUntilDesiredState(member);
      expect((await machine.run('systemctl', '--version')).stdout).toMatch(`systemd ${version} `);
      // Runs as a transient unit, because systemd rejects processes outside its own control groups.
      const analyze = (...words: string[]) =>
        machine.run('systemd-run', '--wait', '--pipe', '--quiet', 'systemd-analyze', ...words);
      const verified = await analyze('verify', '--man=no', ...UNITS);
      expect(verified).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
      for (const unit of SERVICES) {
        const { stdout } = await analyze('security', '--no-pager', unit);
        const exposure = /Overall exposure level .*: ([\d.]+)/.exec(stdout)?.[1];
        expect(Number(exposure), stdout).toBeLessThanOrEqual(3);
        await report(`${unit}: ${exposure}`, member);
      }
    },
  );

  lifecycleTest(
    name('a run and the removal at poweroff succeed while /tmp and /var/tmp are full'),
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      await bootUntilDesiredState(member);
      await report('boot', member);
      for (const directory of ['/tmp', '/var/tmp']) {
        const full = ['-t', 'tmpfs', '-o', 'nr_inodes=1', 'tmpfs', directory];
        expect((await machine.run('mount', ...full)).exitCode).toBe(0);
        expect((await machine.run('touch', `${directory}/file`)).exitCode).toBe(1);
      }
      recordOf(member).attributes = [];
      await machine.run('systemctl', 'start', APPLY_UNIT);
      await waitForValue(() => recordOf(member).attributes, [{ name: 'role', value: 'web' }], 20);
      await machine.waitForState(HOST_UNIT, 'exited', 20);
      await report('the unit is started again', member);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      await saveJournal(`drift-full-${version}`, member);
      expect(hasRecord(member)).toBe(false);
      await report('poweroff', member);
    },
  );

  lifecycleTest(
    name('the sandbox of the removal lets the module stop the agent'),
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      await bootUntilDesiredState(member);
      const path = join(projectDirectory, 'packaging/systemd/units', REMOVAL_UNIT);
      const unit = (await readFile(path, 'utf8')).replace(/^Before=.*\n/m, '');
      const probe = async (id: string, command: string) => {
        await machine.write(
          `etc/systemd/system/${id}.service`,
          unit.replace(/^ExecStop=.*$/m, `ExecStart=${command}`),
        );
        await machine.run('systemctl', 'daemon-reload');
        const { stderr, exitCode } = await machine.run('systemctl', 'start', id);
        expect(exitCode, `${stderr}\n${await saveStatus(id, member, id)}`).toBe(0);
      };
      const reads = 'read -r id </proc/1/stat; cat /proc/sys/kernel/random/boot_id';
      const writes = 'touch /opt/jc/probe; rm /opt/jc/probe';
      const forbidden = ['/etc', '/usr', '/opt', '/var'].map(
        (directory) => `if touch ${directory}/probe; then exit 1; fi`,
      );
      await probe('probe', `/bin/sh -euxc '${[reads, writes, ...forbidden].join('; ')}'`);
      const options = '{"stop_agent": true, "purge_identity": true}';
      await probe('seal', `/usr/bin/jumpcloud_removal '${options}'`);
      expect(await machine.state('jcagent.service')).toMatch(/^inactive|^failed/);
      expect(hasRecord(member)).toBe(false);
      expect((await machine.run('ls', '/opt/jc')).stdout).not.toContain('client.key');
      await report('stop_agent and purge_identity', member);
    },
  );
});

describe('the sandbox', () => {
  const { fleet, lifecycleTest, hasRecord, expectDesiredState } = matrix(Container.copy);

  lifecycleTest(
    'the drop-in of the documentation allows another agent directory',
    async (report) => {
      const member = await fleet().add({ document: { agent_dir: '/srv/jc' } });
      const { machine } = member;
      const options = JSON.stringify({ agent_dir: '/srv/jc', timeout: 45 });
      await machine.write('etc/jumpcloud/removal.json', options);
      await machine.boot();
      await machine.waitForState('jcagent.service', 'running', 40);
      await waitForValue(
        () => existsSync(join(machine.directory, 'opt/jc/jcagent.conf')),
        true,
        20,
      );
      await machine.run('mv', '/opt/jc', '/srv/jc');
      const [script] = /^for unit in .*?^done\n.*?$/ms.exec(await readFile(DOCS, 'utf8')) ?? [''];
      const result = await machine.run('sh', '-euc', script.replaceAll('sudo ', ''));
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      await machine.run('systemctl', 'restart', HOST_UNIT);
      await machine.waitForState(HOST_UNIT, 'exited', 40);
      expectDesiredState(member);
      expect((await readLastResult(member)).result).toMatchObject({ warnings: [] });
      await report('boot, agent directory /srv/jc', member);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      const tombstone = join(machine.directory, 'srv/jc/.removed-from-jumpcloud');
      expect(existsSync(tombstone)).toBe(true);
      await saveJournal('agent-dir', member);
      await report('poweroff', member);
    },
  );

  lifecycleTest('every supported Node.js starts in the sandbox', async (report) => {
    const member = await fleet().add();
    const { machine } = member;
    await bootUntilDesiredState(member);
    await report('boot', member);
    const versions = fetchedNodes();
    if (versions.length === 0) await report('none: npm run setup:nodes fetches them', member);
    for (const version of versions) {
      const path = `/opt/node-${version}/bin/node`;
      await mkdir(dirname(join(machine.directory, path)), { recursive: true });
      await copyFile(nodePath(version), join(machine.directory, path));
      await chmod(join(machine.directory, path), 0o755);
      // Node.js 26 needs libatomic, which the image does not have.
      await cp(LIBATOMIC, join(machine.directory, dirname(path), 'libatomic.so.1'), {
        dereference: true,
      });
      const setting = `[Service]
Environment=JUMPCLOUD_NODE=${path} LD_LIBRARY_PATH=${dirname(path)}
`;
      await machine.write(`etc/systemd/system/${HOST_UNIT}.d/node.conf`, setting);
      await machine.run('systemctl', 'daemon-reload');
      const before = (await readLastResult(member)).timestamp;
      await sleep(1000);
      await machine.run('systemctl', 'restart', HOST_UNIT);
      await machine.waitForState(HOST_UNIT, 'exited', 30);
      const { timestamp, outcome } = await readLastResult(member);
      expect(timestamp).toBeGreaterThan(before);
      expect(outcome).toBe('unchanged');
      await report(`Node.js ${version}`, member);
    }
  });
});

describe('the first boot of an image without a machine id', () => {
  const { fleet, lifecycleTest } = matrix(Container.copy, {
    enabled: ['jcagent', 'jumpcloud-host'],
  });

  lifecycleTest(
    'the first boot enables only the units that the image has enabled',
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      // Makes systemd apply its presets.
      await machine.write('etc/machine-id', 'uninitialized\n');
      await bootUntilDesiredState(member);
      for (const unit of [REMOVAL_UNIT, TIMER_UNIT, PATH_UNIT]) {
        expect((await machine.run('systemctl', 'is-enabled', unit)).stdout, unit).toBe('disabled');
        expect(await machine.state(unit)).toBe('inactive dead');
      }
      expect((await machine.run('systemctl', 'is-enabled', HOST_UNIT)).stdout).toBe('enabled');
      await report('first boot', member);
    },
  );
});
