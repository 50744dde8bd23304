import { expect } from 'vitest';
import { Container } from './container.ts';
import {
  bootUntilDesiredState,
  HOST_UNIT,
  matrix,
  REMOVAL_UNIT,
  saveJournal,
  saveStatus,
} from './matrix.ts';

const { fleet, lifecycleTest, hasRecord, expectDesiredState } = matrix(Container.copy, {
  kind: 'bullseye',
});

/**
 * The oldest release on Debian's mirrors. Its own Node.js is too old, so the runtime package is
 * installed.
 */
const NAME = 'Debian 11, systemd 247';

lifecycleTest(
  `${NAME}: a boot configures, a reboot writes nothing and a poweroff removes the record`,
  async (report) => {
    const member = await fleet().add();
    const { machine } = member;
    await bootUntilDesiredState(member);
    expectDesiredState(member);
    expect((await machine.run('systemctl', '--version')).stdout).toMatch(/^systemd 247 /);
    // Runs as a transient unit, because systemd rejects processes outside its own control groups.
    const verify = ['systemd-analyze', 'verify', '--man=no', HOST_UNIT, REMOVAL_UNIT];
    const verified = await machine.run('systemd-run', '--wait', '--pipe', '--quiet', ...verify);
    expect(verified).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(await saveStatus('systemd-247-described', member)).toMatch(/Status: "Changed system/);
    await report('boot', member);
    expect(await machine.end('systemctl', 'reboot')).toBe('reboot');
    await bootUntilDesiredState(member);
    expect(member.writes()).toEqual([]);
    await report('reboot', member);
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expect(hasRecord(member)).toBe(false);
    await saveJournal('systemd-247-poweroff', member);
    await report('poweroff', member);
  },
);

lifecycleTest(
  `${NAME}: an agent that registers after registration_timeout is found by a restart`,
  async (report) => {
    const member = await fleet().add({ agentDelay: 15, document: { registration_timeout: 3 } });
    const { machine } = member;
    await machine.boot();
    await machine.waitForState(HOST_UNIT, 'activating', 40);
    await saveStatus('systemd-247-agent-too-late', member);
    await machine.waitForState('multi-user.target', 'active', 40);
    await machine.waitForState(HOST_UNIT, 'exited', 110);
    expectDesiredState(member);
    await report('boot, agent after 15 s, timeout 3 s', member);
  },
);

lifecycleTest(
  `${NAME}: a host.json that is not JSON fails the unit and the boot still completes`,
  async (report) => {
    const member = await fleet().add();
    await member.machine.write('etc/jumpcloud/host.json', '{');
    await member.machine.boot();
    await member.machine.waitForState(HOST_UNIT, 'failed', 40);
    await member.machine.waitForState('multi-user.target', 'active', 40);
    expect(await saveStatus('systemd-247-broken', member)).toMatch(/is not JSON/);
    await report('boot', member);
  },
);
