import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { Container } from './container.ts';
import { UNREACHABLE_ADDRESS } from './fleet.ts';
import {
  bootUntilDesiredState,
  HOST_UNIT,
  matrix,
  REMOVAL_UNIT,
  saveJournal,
  saveStatus,
} from './matrix.ts';

const { fleet, lifecycleTest, hasRecord, expectDesiredState } = matrix(Container.copy);

/** A unit that delays all units that wait for the network. */
const SLOW_NETWORK_UNIT = `[Unit]
Before=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/sleep 60
`;

/** Returns the time of the first journal line that contains `text`, in seconds since the boot. */
function timeOf(text: string, journal: string): number {
  const line = journal.split('\n').find((entry) => entry.includes(text)) ?? '';
  return Number(/^\[ *([\d.]+)\]/.exec(line)?.[1]);
}

describe('jumpcloud-host.service at boot', () => {
  lifecycleTest(
    'the boot completes before the agent registers, and the host is configured afterwards',
    async (report) => {
      const member = await fleet().add({ agentDelay: 6 });
      await member.machine.boot();
      await member.machine.waitForState('multi-user.target', 'active', 40);
      expect(member.writes()).toEqual([]);
      await saveStatus('waiting', member);
      await member.machine.waitForState(HOST_UNIT, 'exited', 60);
      expectDesiredState(member);
      await saveStatus('described', member);
      await report('boot, agent after 6 s', member);
      await member.machine.end('systemctl', 'reboot');
    },
  );

  lifecycleTest(
    'an agent that registers after registration_timeout is found by a restart of the unit',
    async (report) => {
      const member = await fleet().add({ agentDelay: 20, document: { registration_timeout: 3 } });
      await member.machine.boot();
      await member.machine.waitForState(HOST_UNIT, 'activating', 40);
      expect(await saveStatus('agent-too-late', member)).toMatch(
        /Status: ".*did not register within 3 s/,
      );
      await member.machine.waitForState(HOST_UNIT, 'exited', 110);
      expectDesiredState(member);
      await report('boot, agent after 20 s, timeout 3 s', member);
    },
  );

  lifecycleTest(
    'a boot without name resolution configures the host once names resolve',
    async (report) => {
      const member = await fleet().add({ document: { timeout: 5 } });
      await member.machine.resolveTo(undefined);
      await member.machine.boot();
      await member.machine.waitForState(HOST_UNIT, 'activating', 40);
      await saveStatus('no-network', member);
      await report('boot without name resolution', member);
      await member.machine.resolveTo('127.0.0.1');
      await member.machine.waitForState(HOST_UNIT, 'exited', 110);
      expectDesiredState(member);
      await report('name resolution is back', member);
    },
  );

  lifecycleTest(
    'a host.json that is not JSON fails the unit and the boot still completes',
    async (report) => {
      const member = await fleet().add();
      await member.machine.write(
        'etc/jumpcloud/host.json',
        '{"system": {"display_name": "web-1",}}',
      );
      await member.machine.boot();
      await member.machine.waitForState(HOST_UNIT, 'failed', 40);
      await member.machine.waitForState('multi-user.target', 'active', 40);
      expect(await saveStatus('broken-document', member)).toMatch(
        /: \/etc\/jumpcloud\/host\.json is not JSON/,
      );
      await report('boot', member);
    },
  );

  lifecycleTest(
    'a poweroff before the agent has registered removes nothing, and the next boot configures',
    async (report) => {
      const member = await fleet().add({ agentDelay: 100 });
      await member.machine.boot();
      await member.machine.waitForState(HOST_UNIT, 'running', 40);
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      await saveJournal('poweroff-before-registration', member);
      expect(hasRecord(member)).toBe(true);
      await report('boot, poweroff while it waits', member);
      await member.machine.write('etc/agent-delay', '0');
      await bootUntilDesiredState(member);
      expectDesiredState(member);
      await report('boot', member);
    },
  );
});

describe('jumpcloud-removal.service at the end of a boot', () => {
  lifecycleTest('two reboots keep the record and write nothing', async (report) => {
    const member = await fleet().add();
    await bootUntilDesiredState(member);
    await report('boot', member);
    for (const time of ['first', 'second']) {
      expect(await member.machine.end('systemctl', 'reboot')).toBe('reboot');
      await bootUntilDesiredState(member);
      expect(member.writes()).toEqual([]);
      expectDesiredState(member);
      await report(`${time} reboot`, member);
    }
    expect(await member.machine.end('systemctl', 'reboot')).toBe('reboot');
    expect(await saveJournal('reboot', member)).toContain('it stays in JumpCloud');
  });

  lifecycleTest('a second boot within a minute configures the host', async (report) => {
    const member = await fleet().add();
    const since = Date.now();
    await member.machine.boot();
    await member.machine.waitForState('multi-user.target', 'active', 40);
    expect(await member.machine.end('systemctl', 'reboot')).toBe('reboot');
    await report('boot, reboot at once', member);
    await bootUntilDesiredState(member);
    expect(Date.now() - since).toBeLessThan(60_000);
    expectDesiredState(member);
    await report('boot', member);
  });

  lifecycleTest(
    'systemctl soft-reboot keeps the record and a later poweroff removes it',
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      await bootUntilDesiredState(member);
      await report('boot', member);
      await machine.run('systemctl', 'soft-reboot');
      const count = async () =>
        (await machine.run('systemctl', 'show', '--value', '--property=SoftRebootsCount')).stdout;
      await vi.waitFor(async () => expect(await count()).toBe('1'), 30_000);
      await machine.waitForState(HOST_UNIT, 'exited', 40);
      expect(member.writes()).toEqual([]);
      expectDesiredState(member);
      await report('systemctl soft-reboot', member);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      expect(await saveJournal('soft-reboot', member)).toContain('it stays in JumpCloud');
    },
  );

  for (const command of [
    'systemctl poweroff',
    'systemctl halt',
    'shutdown -h now',
    'shutdown -h +1',
  ]) {
    lifecycleTest(`${command} removes the record`, async (report) => {
      const member = await fleet().add();
      await bootUntilDesiredState(member);
      await report('boot', member);
      const since = Date.now();
      expect(await member.machine.end(...command.split(' '))).toBe('off');
      expect(Date.now() - since > 30_000).toBe(command.endsWith('+1'));
      expect(hasRecord(member)).toBe(false);
      await saveJournal(command.replaceAll(' ', '-'), member);
      await report(command, member);
    });
  }

  lifecycleTest('poweroff -f, which stops no unit, keeps the record', async (report) => {
    const member = await fleet().add();
    await bootUntilDesiredState(member);
    await report('boot', member);
    expect(await member.machine.end('systemctl', 'poweroff', '-f')).not.toBe('reboot');
    expectDesiredState(member);
    await report('poweroff -f', member);
  });

  lifecycleTest(
    'a poweroff removes the record although the API answers 502 for 30 s',
    async (report) => {
      const member = await fleet().add();
      await bootUntilDesiredState(member);
      await report('boot', member);
      const end = Date.now() + 30_000;
      fleet().emulator.faults.add({
        fault: { kind: 'status', status: 502 },
        times: Infinity,
        when: ({ url }) => url.includes(member.host.systemId) && Date.now() < end,
      });
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      // The API failed for 30 s. The removal retries for up to 45 s, so it succeeds soon after the
      // API recovers.
      expect(Date.now() - end).toBeLessThan(12_000);
      await saveJournal('api-502', member);
      await report('poweroff', member);
    },
  );

  lifecycleTest(
    'a poweroff keeps the record while the API is down, and the next boot writes nothing',
    async (report) => {
      const member = await fleet().add();
      await bootUntilDesiredState(member);
      await report('boot', member);
      await member.machine.resolveTo(UNREACHABLE_ADDRESS);
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expectDesiredState(member);
      await saveJournal('api-down', member);
      await report('poweroff', member);
      await member.machine.resolveTo('127.0.0.1');
      await bootUntilDesiredState(member);
      expect(member.writes()).toEqual([]);
      await report('boot, the API is back', member);
    },
  );

  lifecycleTest(
    'a removal with a timeout longer than the unit allows is interrupted and reports the interruption',
    async (report) => {
      const member = await fleet().add();
      await member.machine.write('etc/jumpcloud/removal.json', '{"timeout": 300}');
      await bootUntilDesiredState(member);
      await report('boot', member);
      await member.machine.resolveTo(UNREACHABLE_ADDRESS);
      const since = Date.now();
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(Date.now() - since).toBeLessThan(70_000);
      expectDesiredState(member);
      const removal = await saveJournal('api-down-longer', member);
      expect(removal).toContain('"code":"interrupted"');
      expect(removal).toContain('look for it in the Admin Portal');
      await report('poweroff', member);
    },
  );

  lifecycleTest(
    'a poweroff with scope associations removes them and the next boot restores them',
    async (report) => {
      const member = await fleet().add();
      const options = { scope: 'associations', timeout: 45 };
      await member.machine.write('etc/jumpcloud/removal.json', JSON.stringify(options));
      await bootUntilDesiredState(member);
      const before = fleet().emulator.store.snapshot(member.host.systemId);
      await report('boot', member);
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(fleet().emulator.store.snapshot(member.host.systemId)).toEqual({
        groups: [],
        edges: [],
      });
      await saveJournal('associations', member);
      await report('poweroff', member);
      await bootUntilDesiredState(member);
      expect(fleet().emulator.store.snapshot(member.host.systemId)).toEqual(before);
      await report('boot', member);
    },
  );

  lifecycleTest('a poweroff before the units have started keeps the record', async (report) => {
    const member = await fleet().add();
    const { machine } = member;
    await bootUntilDesiredState(member);
    await machine.end('systemctl', 'reboot');
    await report('boot, reboot', member);
    const slow = 'etc/systemd/system/slow.service';
    await machine.write(slow, SLOW_NETWORK_UNIT);
    const wants = 'etc/systemd/system/network-online.target.wants';
    await mkdir(join(machine.directory, wants), { recursive: true });
    await symlink(
      '/etc/systemd/system/slow.service',
      join(machine.directory, wants, 'slow.service'),
    );
    await machine.boot();
    await machine.waitForState('slow.service', 'activating', 20);
    expect(await machine.state(REMOVAL_UNIT)).toBe('inactive dead');
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expectDesiredState(member);
    await report('boot, poweroff before our units start', member);
    await rm(join(machine.directory, wants, 'slow.service'));
    await bootUntilDesiredState(member);
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expect(hasRecord(member)).toBe(false);
    await report('boot, poweroff', member);
  });

  lifecycleTest(
    'a poweroff during a write stops jumpcloud-host before the removal starts',
    async (report) => {
      const member = await fleet().add();
      fleet().emulator.faults.add({
        fault: { kind: 'slow', ms: 20_000 },
        when: ({ method, url }) => method === 'PUT' && url.includes(member.host.systemId),
      });
      await member.machine.boot();
      for (let tries = 0; !member.hasSentPut() && tries < 300; tries++) await sleep(100);
      expect(member.hasSentPut()).toBe(true);
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      await saveJournal('poweroff-in-the-middle', member);
      const { machine } = member;
      const stopped = timeOf('Stopped jumpcloud-host', await machine.journal(HOST_UNIT));
      expect(
        timeOf('Stopping jumpcloud-removal', await machine.journal(REMOVAL_UNIT)),
      ).toBeGreaterThan(stopped);
      await report('boot, poweroff while a write is answered', member);
    },
  );
});

describe('an image', () => {
  lifecycleTest('two clones of a sealed machine each get their own record', async (report) => {
    const parent = await fleet().add();
    await bootUntilDesiredState(parent);
    await report('parent boots', parent);
    const seal = '{"stop_agent": true, "purge_identity": true}';
    const sealed = await parent.machine.run('jumpcloud_removal', seal);
    expect(sealed, sealed.stdout).toMatchObject({ exitCode: 0 });
    expect(await parent.machine.end('systemctl', 'poweroff')).toBe('off');
    await saveJournal('sealed', parent);
    expect(hasRecord(parent)).toBe(false);
    await report('sealed, poweroff', parent);
    const clones = [0, 1].map(() => fleet().add({ from: parent.machine.directory, agentDelay: 2 }));
    const members = await Promise.all(clones);
    await Promise.all(members.map((member) => bootUntilDesiredState(member)));
    for (const [index, member] of members.entries()) {
      expectDesiredState(member);
      await report(`clone ${index + 1} boots`, member);
    }
    expect(parent.requestSummary()).toBe('none');
    for (const member of members) {
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
    }
  });

  lifecycleTest(
    'a machine whose record was removed can be booted and powered off again',
    async (report) => {
      const member = await fleet().add();
      await bootUntilDesiredState(member);
      await member.machine.end('systemctl', 'poweroff');
      expect(hasRecord(member)).toBe(false);
      await report('boot, poweroff', member);
      await member.machine.boot();
      await sleep(8000);
      await saveStatus('record-gone', member);
      await report('boot with the old registration', member);
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      await saveJournal('record-gone', member);
    },
  );
});
