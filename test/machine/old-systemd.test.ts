import { expect } from 'vitest';
import { Container } from './container.ts';
import { bootDescribed, HOST, keepJournal, keepStatus, matrix, REMOVAL } from './matrix.ts';

const { fleet, life, isThere, expectDescribed } = matrix(Container.copy, { kind: 'bullseye' });

/** The oldest that Debian's mirrors have. Its own Node.js is too old: the runtime package's is there. */
const NAME = 'Debian 11, systemd 247';

life(`${NAME}: boot, reboot, poweroff`, async (report) => {
  const member = await fleet().add();
  const { machine } = member;
  await bootDescribed(member);
  expectDescribed(member);
  expect((await machine.run('systemctl', '--version')).stdout).toMatch(/^systemd 247 /);
  // By systemd itself, because a stranger to its control groups cannot ask it.
  const verify = ['systemd-analyze', 'verify', '--man=no', HOST, REMOVAL];
  const verified = await machine.run('systemd-run', '--wait', '--pipe', '--quiet', ...verify);
  expect(verified).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  expect(await keepStatus('systemd-247-described', member)).toMatch(/Status: "Changed system/);
  await report('boot', member);
  expect(await machine.end('systemctl', 'reboot')).toBe('reboot');
  await bootDescribed(member);
  expect(member.written()).toEqual([]);
  await report('reboot', member);
  expect(await machine.end('systemctl', 'poweroff')).toBe('off');
  expect(isThere(member)).toBe(false);
  await keepJournal('systemd-247-poweroff', member);
  await report('poweroff', member);
});

life(`${NAME}: the agent registers after registration_timeout`, async (report) => {
  const member = await fleet().add({ agentDelay: 15, document: { registration_timeout: 3 } });
  const { machine } = member;
  await machine.boot();
  await machine.until(HOST, 'activating', 40);
  await keepStatus('systemd-247-agent-too-late', member);
  await machine.until('multi-user.target', 'active', 40);
  await machine.until(HOST, 'exited', 110);
  expectDescribed(member);
  await report('boot, agent after 15 s, timeout 3 s', member);
});

life(`${NAME}: host.json is broken`, async (report) => {
  const member = await fleet().add();
  await member.machine.write('etc/jumpcloud/host.json', '{');
  await member.machine.boot();
  await member.machine.until(HOST, 'failed', 40);
  await member.machine.until('multi-user.target', 'active', 40);
  expect(await keepStatus('systemd-247-broken', member)).toMatch(/is not JSON/);
  await report('boot', member);
});
