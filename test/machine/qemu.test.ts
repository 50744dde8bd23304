import { describe, expect } from 'vitest';
import { bootUntilDesiredState, HOST_UNIT, matrix, saveJournal, saveStatus } from './matrix.ts';
import { VirtualMachine } from './virtual-machine.ts';

/** Timeout of a test. qemu is slow without acceleration. */
const TIMEOUT_SECONDS = 1_800;

const YEAR_MS = 365 * 86_400_000;

const image = { kind: 'trixie-kernel' } as const;
const { fleet, lifecycleTest, hasRecord, expectDesiredState } = matrix(VirtualMachine.copy, image);

describe('a virtual machine with its own kernel, clock, network and power button', () => {
  lifecycleTest(
    'reboot and kexec keep the record and poweroff removes it',
    async (report) => {
      const member = await fleet().add({ agentDelay: 5 });
      const { machine } = member;
      await bootUntilDesiredState(member, 200);
      expectDesiredState(member);
      await saveStatus('qemu-described', member);
      await report('first boot, agent after 5 s', member);
      expect(await machine.end('systemctl', 'reboot')).toBe('reboot');
      await bootUntilDesiredState(member, 200);
      expect(member.writes()).toEqual([]);
      await report('reboot', member);

      await machine.kexec();
      await machine.waitForState(HOST_UNIT, 'exited', 200);
      expect(member.writes()).toEqual([]);
      expectDesiredState(member);
      await report('systemctl kexec', member);

      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      await saveJournal('qemu-poweroff', member);
      await report('poweroff', member);
    },
    TIMEOUT_SECONDS,
  );

  lifecycleTest(
    'a clock a year ahead delays configuration, and the power button removes the record',
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      // The clock is ahead, because systemd corrects a clock that is behind the build time of
      // systemd.
      machine.clock = new Date(Date.now() + YEAR_MS).toISOString().slice(0, 19);
      await machine.boot();
      await machine.waitForState(HOST_UNIT, 'activating', 250);
      expect(await saveStatus('qemu-clock', member)).toMatch(
        /Status: ".*CERT_HAS_EXPIRED.* This host's clock says /,
      );
      expect(member.writes()).toEqual([]);
      await report('first boot', member);
      await machine.run('date', '--set', new Date().toISOString());
      await machine.waitForState(HOST_UNIT, 'exited', 150);
      expectDesiredState(member);
      await report('the clock is set', member);
      machine.pressPowerButton();
      expect(await machine.waitForEnd()).toBe('off');
      expect(hasRecord(member)).toBe(false);
      await saveJournal('qemu-power-button', member);
      await report('power button', member);
    },
    TIMEOUT_SECONDS,
  );

  lifecycleTest(
    'the unit configures a host whose network comes up after minutes',
    async (report) => {
      const member = await fleet().add({ document: { timeout: 60 } });
      const { machine } = member;
      machine.setCablePlugged(false);
      await machine.boot();
      // systemd-networkd-wait-online.service times out after two minutes.
      await machine.waitForState(HOST_UNIT, 'auto-restart', 300);
      await saveStatus('qemu-no-network', member);
      await report('first boot without a cable', member);
      machine.setCablePlugged(true);
      await machine.waitForState(HOST_UNIT, 'exited', 400);
      expectDesiredState(member);
      await report('the cable is plugged in', member);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(hasRecord(member)).toBe(false);
      await report('poweroff', member);
    },
    TIMEOUT_SECONDS,
  );
});
