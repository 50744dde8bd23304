import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { Container } from './container.ts';
import { NOWHERE } from './fleet.ts';
import { bootDescribed, HOST, keepJournal, keepStatus, matrix, REMOVAL } from './matrix.ts';

const { fleet, life, isThere, expectDescribed } = matrix(Container.copy);

/** Holds up whatever waits for the network. */
const SLOW_NETWORK = `[Unit]
Before=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/sleep 60
`;

/** When the journal first says something, in seconds since the kernel started. */
function timeOf(words: string, journal: string): number {
  const line = journal.split('\n').find((text) => text.includes(words)) ?? '';
  return Number(/^\[ *([\d.]+)\]/.exec(line)?.[1]);
}

describe('boot', () => {
  life('first boot, the agent registers late', async (report) => {
    const member = await fleet().add({ agentDelay: 6 });
    await member.machine.boot();
    await member.machine.until('multi-user.target', 'active', 40);
    expect(member.written()).toEqual([]);
    await keepStatus('waiting', member);
    await member.machine.until(HOST, 'exited', 60);
    expectDescribed(member);
    await keepStatus('described', member);
    await report('boot, agent after 6 s', member);
    await member.machine.end('systemctl', 'reboot');
  });

  life('the agent registers after registration_timeout', async (report) => {
    const member = await fleet().add({ agentDelay: 20, document: { registration_timeout: 3 } });
    await member.machine.boot();
    await member.machine.until(HOST, 'activating', 40);
    expect(await keepStatus('agent-too-late', member)).toMatch(/Status: ".*timed out after 3 s/);
    await member.machine.until(HOST, 'exited', 110);
    expectDescribed(member);
    await report('boot, agent after 20 s, timeout 3 s', member);
  });

  life('the network comes late', async (report) => {
    const member = await fleet().add({ document: { timeout: 5 } });
    await member.machine.resolveTo(undefined);
    await member.machine.boot();
    await member.machine.until(HOST, 'activating', 40);
    await keepStatus('no-network', member);
    await report('boot without name resolution', member);
    await member.machine.resolveTo('127.0.0.1');
    await member.machine.until(HOST, 'exited', 110);
    expectDescribed(member);
    await report('name resolution is back', member);
  });

  life('host.json is broken', async (report) => {
    const member = await fleet().add();
    await member.machine.write('etc/jumpcloud/host.json', '{"system": {"display_name": "web-1",}}');
    await member.machine.boot();
    await member.machine.until(HOST, 'failed', 40);
    await member.machine.until('multi-user.target', 'active', 40);
    expect(await keepStatus('broken-document', member)).toMatch(
      /: \/etc\/jumpcloud\/host\.json is not JSON/,
    );
    await report('boot', member);
  });

  life('poweroff before the agent has registered', async (report) => {
    const member = await fleet().add({ agentDelay: 100 });
    await member.machine.boot();
    await member.machine.until(HOST, 'running', 40);
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    await keepJournal('poweroff-before-registration', member);
    expect(isThere(member)).toBe(true);
    await report('boot, poweroff while it waits', member);
    await member.machine.write('etc/agent-delay', '0');
    await bootDescribed(member);
    expectDescribed(member);
    await report('boot', member);
  });
});

describe('end', () => {
  life('reboot, twice', async (report) => {
    const member = await fleet().add();
    await bootDescribed(member);
    await report('boot', member);
    for (const time of ['first', 'second']) {
      expect(await member.machine.end('systemctl', 'reboot')).toBe('reboot');
      await bootDescribed(member);
      expect(member.written()).toEqual([]);
      expectDescribed(member);
      await report(`${time} reboot`, member);
    }
    expect(await member.machine.end('systemctl', 'reboot')).toBe('reboot');
    expect(await keepJournal('reboot', member)).toContain('it stays in JumpCloud');
  });

  life('two boots within a minute', async (report) => {
    const member = await fleet().add();
    const since = Date.now();
    await member.machine.boot();
    await member.machine.until('multi-user.target', 'active', 40);
    expect(await member.machine.end('systemctl', 'reboot')).toBe('reboot');
    await report('boot, reboot at once', member);
    await bootDescribed(member);
    expect(Date.now() - since).toBeLessThan(60_000);
    expectDescribed(member);
    await report('boot', member);
  });

  life('soft-reboot', async (report) => {
    const member = await fleet().add();
    const { machine } = member;
    await bootDescribed(member);
    await report('boot', member);
    await machine.run('systemctl', 'soft-reboot');
    const count = async () =>
      (await machine.run('systemctl', 'show', '--value', '--property=SoftRebootsCount')).stdout;
    await expect.poll(count, { timeout: 30_000 }).toBe('1');
    await machine.until(HOST, 'exited', 40);
    expect(member.written()).toEqual([]);
    expectDescribed(member);
    await report('systemctl soft-reboot', member);
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expect(isThere(member)).toBe(false);
    expect(await keepJournal('soft-reboot', member)).toContain('it stays in JumpCloud');
  });

  for (const command of [
    'systemctl poweroff',
    'systemctl halt',
    'shutdown -h now',
    'shutdown -h +1',
  ]) {
    life(command, async (report) => {
      const member = await fleet().add();
      await bootDescribed(member);
      await report('boot', member);
      const since = Date.now();
      expect(await member.machine.end(...command.split(' '))).toBe('off');
      expect(Date.now() - since > 30_000).toBe(command.endsWith('+1'));
      expect(isThere(member)).toBe(false);
      await keepJournal(command.replaceAll(' ', '-'), member);
      await report(command, member);
    });
  }

  life('poweroff -f', async (report) => {
    const member = await fleet().add();
    await bootDescribed(member);
    await report('boot', member);
    expect(await member.machine.end('systemctl', 'poweroff', '-f')).not.toBe('reboot');
    expectDescribed(member);
    await report('poweroff -f', member);
  });

  life('the API answers 502 for 30 s', async (report) => {
    const member = await fleet().add();
    await bootDescribed(member);
    await report('boot', member);
    const end = Date.now() + 30_000;
    fleet().emulator.faults.add({
      fault: { kind: 'status', status: 502 },
      times: Infinity,
      when: ({ url }) => url.includes(member.host.systemId) && Date.now() < end,
    });
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    expect(isThere(member)).toBe(false);
    // Of the 45 s that it has.
    expect(Date.now() - end).toBeLessThan(12_000);
    await keepJournal('api-502', member);
    await report('poweroff', member);
  });

  life('the API is down', async (report) => {
    const member = await fleet().add();
    await bootDescribed(member);
    await report('boot', member);
    await member.machine.resolveTo(NOWHERE);
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    expectDescribed(member);
    await keepJournal('api-down', member);
    await report('poweroff', member);
    await member.machine.resolveTo('127.0.0.1');
    await bootDescribed(member);
    expect(member.written()).toEqual([]);
    await report('boot, the API is back', member);
  });

  life('the API is down, and removal.json asks for longer than the unit has', async (report) => {
    const member = await fleet().add();
    await member.machine.write('etc/jumpcloud/removal.json', '{"timeout": 300}');
    await bootDescribed(member);
    await report('boot', member);
    await member.machine.resolveTo(NOWHERE);
    const since = Date.now();
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    expect(Date.now() - since).toBeLessThan(70_000);
    expectDescribed(member);
    const removal = await keepJournal('api-down-longer', member);
    expect(removal).toContain('"code":"interrupted"');
    expect(removal).toContain('look for it in the Admin Portal');
    await report('poweroff', member);
  });

  life('scope associations: stop and start', async (report) => {
    const member = await fleet().add();
    const options = { scope: 'associations', timeout: 45 };
    await member.machine.write('etc/jumpcloud/removal.json', JSON.stringify(options));
    await bootDescribed(member);
    const before = fleet().emulator.store.snapshot(member.host.systemId);
    await report('boot', member);
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    expect(fleet().emulator.store.snapshot(member.host.systemId)).toEqual({
      groups: [],
      edges: [],
    });
    await keepJournal('associations', member);
    await report('poweroff', member);
    await bootDescribed(member);
    expect(fleet().emulator.store.snapshot(member.host.systemId)).toEqual(before);
    await report('boot', member);
  });

  life('poweroff in the middle of a boot', async (report) => {
    const member = await fleet().add();
    const { machine } = member;
    await bootDescribed(member);
    await machine.end('systemctl', 'reboot');
    await report('boot, reboot', member);
    const slow = 'etc/systemd/system/slow.service';
    await machine.write(slow, SLOW_NETWORK);
    const wants = 'etc/systemd/system/network-online.target.wants';
    await mkdir(join(machine.directory, wants), { recursive: true });
    await symlink(
      '/etc/systemd/system/slow.service',
      join(machine.directory, wants, 'slow.service'),
    );
    await machine.boot();
    await machine.until('slow.service', 'activating', 20);
    expect(await machine.state(REMOVAL)).toBe('inactive dead');
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expectDescribed(member);
    await report('boot, poweroff before our units start', member);
    await rm(join(machine.directory, wants, 'slow.service'));
    await bootDescribed(member);
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expect(isThere(member)).toBe(false);
    await report('boot, poweroff', member);
  });

  life('poweroff in the middle of describing', async (report) => {
    const member = await fleet().add();
    fleet().emulator.faults.add({
      fault: { kind: 'slow', ms: 20_000 },
      when: ({ method, url }) => method === 'PUT' && url.includes(member.host.systemId),
    });
    await member.machine.boot();
    for (let tries = 0; !member.putSeen() && tries < 300; tries++) await sleep(100);
    expect(member.putSeen()).toBe(true);
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    expect(isThere(member)).toBe(false);
    await keepJournal('poweroff-in-the-middle', member);
    const { machine } = member;
    const stopped = timeOf('Stopped jumpcloud-host', await machine.journal(HOST));
    expect(timeOf('Stopping jumpcloud-removal', await machine.journal(REMOVAL))).toBeGreaterThan(
      stopped,
    );
    await report('boot, poweroff while a write is answered', member);
  });
});

describe('image', () => {
  life('sealed, cloned twice, both booted at once', async (report) => {
    const parent = await fleet().add();
    await bootDescribed(parent);
    await report('parent boots', parent);
    const seal = '{"stop_agent": true, "purge_identity": true}';
    const sealed = await parent.machine.run('jumpcloud_removal', seal);
    expect(sealed, sealed.stdout).toMatchObject({ exitCode: 0 });
    expect(await parent.machine.end('systemctl', 'poweroff')).toBe('off');
    await keepJournal('sealed', parent);
    expect(isThere(parent)).toBe(false);
    await report('sealed, poweroff', parent);
    const clones = [0, 1].map(() => fleet().add({ from: parent.machine.directory, agentDelay: 2 }));
    const members = await Promise.all(clones);
    await Promise.all(members.map((member) => bootDescribed(member)));
    for (const [index, member] of members.entries()) {
      expectDescribed(member);
      await report(`clone ${index + 1} boots`, member);
    }
    expect(parent.asked()).toBe('none');
    for (const member of members) {
      expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
      expect(isThere(member)).toBe(false);
    }
  });

  life('boot after the record was removed', async (report) => {
    const member = await fleet().add();
    await bootDescribed(member);
    await member.machine.end('systemctl', 'poweroff');
    expect(isThere(member)).toBe(false);
    await report('boot, poweroff', member);
    await member.machine.boot();
    await sleep(8000);
    await keepStatus('record-gone', member);
    await report('boot with the old registration', member);
    expect(await member.machine.end('systemctl', 'poweroff')).toBe('off');
    await keepJournal('record-gone', member);
  });
});
