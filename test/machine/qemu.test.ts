import { describe, expect } from 'vitest';
import { bootDescribed, HOST, keepJournal, keepStatus, matrix } from './matrix.ts';
import { VirtualMachine } from './virtual-machine.ts';

/** For a row, in seconds: nothing is fast without acceleration. */
const LONG = 900;

const YEAR = 365 * 86_400_000;

const image = { kind: 'trixie-kernel' } as const;
const { fleet, life, isThere, expectDescribed } = matrix(VirtualMachine.copy, image);

describe('a machine with a kernel, a clock, a network and a power button of its own', () => {
  life(
    'first boot, reboot, kexec, poweroff',
    async (report) => {
      const member = await fleet().add({ agentDelay: 5 });
      const { machine } = member;
      await bootDescribed(member, 200);
      expectDescribed(member);
      await keepStatus('qemu-described', member);
      await report('first boot, agent after 5 s', member);
      expect(await machine.end('systemctl', 'reboot')).toBe('reboot');
      await bootDescribed(member, 200);
      expect(member.written()).toEqual([]);
      await report('reboot', member);

      await machine.kexec();
      await machine.until(HOST, 'exited', 200);
      expect(member.written()).toEqual([]);
      expectDescribed(member);
      await report('systemctl kexec', member);

      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(isThere(member)).toBe(false);
      await keepJournal('qemu-poweroff', member);
      await report('poweroff', member);
    },
    LONG,
  );

  life(
    'first boot with a clock a year ahead, power button',
    async (report) => {
      const member = await fleet().add();
      const { machine } = member;
      // Of a clock that is behind, systemd sets right what lies before its own making.
      machine.clock = new Date(Date.now() + YEAR).toISOString().slice(0, 19);
      await machine.boot();
      await machine.until(HOST, 'activating', 250);
      expect(await keepStatus('qemu-clock', member)).toMatch(
        /Status: ".*CERT_HAS_EXPIRED.* This host's clock says /,
      );
      expect(member.written()).toEqual([]);
      await report('first boot', member);
      await machine.run('date', '--set', new Date().toISOString());
      await machine.until(HOST, 'exited', 150);
      expectDescribed(member);
      await report('the clock is set', member);
      machine.pressPowerButton();
      expect(await machine.ended()).toBe('off');
      expect(isThere(member)).toBe(false);
      await keepJournal('qemu-power-button', member);
      await report('power button', member);
    },
    LONG,
  );

  life(
    'the network comes after minutes',
    async (report) => {
      const member = await fleet().add({ document: { timeout: 10 } });
      const { machine } = member;
      machine.plug(false);
      await machine.boot();
      // systemd-networkd-wait-online.service gives up after two minutes.
      await machine.until(HOST, 'auto-restart', 300);
      await keepStatus('qemu-no-network', member);
      await report('first boot without a cable', member);
      machine.plug(true);
      await machine.until(HOST, 'exited', 150);
      expectDescribed(member);
      await report('the cable is plugged in', member);
      expect(await machine.end('systemctl', 'poweroff')).toBe('off');
      expect(isThere(member)).toBe(false);
      await report('poweroff', member);
    },
    LONG,
  );
});
