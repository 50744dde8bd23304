import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { EXAMPLES, IDS } from '../examples/sandbox.ts';
import { Container } from './container.ts';
import type { Member } from './fleet.ts';
import { HOST, keepStatus, matrix } from './matrix.ts';

const image = { kind: 'trixie-cloud-init', enabled: ['jumpcloud-removal'] } as const;
const { fleet, life, isThere } = matrix(Container.copy, image);

beforeAll(() => {
  fleet().emulator.store.addGroup(IDS.web);
  fleet().emulator.store.addUser(IDS.admin);
});

/** The example's user-data, changed if need be, whose commands begin with installing the agent. */
async function instance(
  agentDelay: number,
  change = (text: string) => text,
): Promise<Member<Container>> {
  const member = await fleet().add({ agentDelay });
  const { machine } = member;
  await rm(join(machine.directory, 'etc/jumpcloud/host.json'));
  const example = await readFile(join(EXAMPLES, 'cloud-init/user-data.yml'), 'utf8');
  const agent = '  - [systemctl, enable, --now, jcagent.service]\n';
  await machine.write(
    'var/lib/cloud/seed/nocloud/user-data',
    change(example.replace('runcmd:\n', `runcmd:\n${agent}`)),
  );
  await machine.write('var/lib/cloud/seed/nocloud/meta-data', 'instance-id: i-1\n');
  await machine.write(
    'etc/cloud/cloud.cfg.d/99_tests.cfg',
    'datasource_list: [NoCloud]\nnetwork: {config: disabled}\n',
  );
  return member;
}

/** Waits until cloud-init has ended, and the boot with it. */
async function booted({ machine }: Member): Promise<void> {
  await machine.until('cloud-final.service', 'exited', 60);
  await machine.until('multi-user.target', 'active', 10);
  expect((await machine.run('cloud-init', 'status')).stdout).toContain('status: done');
}

function expectDescribed({ host }: Member): void {
  const { store } = fleet().emulator;
  expect(store.record(host.systemId)).toMatchObject({ description: 'Serves the shop' });
  expect(store.groupsOf(host.systemId)).toEqual([IDS.web]);
  expect(store.hasEdge(host.systemId, 'user', IDS.admin)).toBe(true);
}

life('cloud-init installs the agent and starts the unit', async (report) => {
  const member = await instance(15);
  const { machine } = member;
  await machine.boot();
  await booted(member);
  expect(await machine.state(HOST)).toBe('active running');
  expect(await keepStatus('cloud-init-waiting', member)).toMatch(/Status: "Waiting for the /);
  expect(member.written()).toEqual([]);
  await report('boot, until cloud-final.service', member);
  await machine.until(HOST, 'exited', 120);
  expectDescribed(member);
  await report('agent after 15 s, settle 60 s', member);
  expect(await machine.end('systemctl', 'poweroff')).toBe('off');
  expect(isThere(member)).toBe(false);
  await report('poweroff', member);
});

/** An instance whose image starts the unit at every boot. */
async function withUnitInImage(registrationTimeout: number): Promise<Member<Container>> {
  const member = await instance(15, (text) =>
    text
      .replace('"settle": 60', '"settle": 1')
      .replace(/(?<="registration_timeout": )\d+/, String(registrationTimeout)),
  );
  const wants = join(member.machine.directory, 'etc/systemd/system/multi-user.target.wants');
  await mkdir(wants, { recursive: true });
  await symlink(`/usr/lib/systemd/system/${HOST}`, join(wants, HOST));
  return member;
}

// cloud-final.service waits for multi-user.target, so a unit that held that up would wait in vain.
life('the unit waits for the agent that cloud-init installs', async (report) => {
  const member = await withUnitInImage(600);
  await member.machine.boot();
  await booted(member);
  await report('boot, until cloud-final.service', member);
  await member.machine.until(HOST, 'exited', 60);
  expectDescribed(member);
  await report('agent after 15 s', member);
});

life('the unit tries again until cloud-init has installed the agent', async (report) => {
  const member = await withUnitInImage(3);
  await member.machine.boot();
  await booted(member);
  await member.machine.until(HOST, 'activating', 30);
  expect(await keepStatus('cloud-init-again', member)).toMatch(/Status: ".*timed out after 3 s/);
  expect(member.written()).toEqual([]);
  await report('boot, until the unit has failed once', member);
  await member.machine.until(HOST, 'exited', 110);
  expectDescribed(member);
  await report('agent after 15 s, timeout 3 s', member);
});
