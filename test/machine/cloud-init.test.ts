import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { EXAMPLES, IDS } from '../examples/sandbox.ts';
import { Container } from './container.ts';
import type { Member } from './fleet.ts';
import { HOST_UNIT, matrix, saveStatus } from './matrix.ts';

const image = { kind: 'trixie-cloud-init', enabled: ['jumpcloud-removal'] } as const;
const { fleet, lifecycleTest, hasRecord } = matrix(Container.copy, image);

beforeAll(() => {
  fleet().emulator.store.addGroup(IDS.web);
  fleet().emulator.store.addUser(IDS.admin);
});

/** The user-data files of the examples: one with facts, and one that is a Jinja template. */
type UserData = 'user-data.yml' | 'user-data-jinja.yml';

/**
 * Adds a machine with the user-data of an example, plus a command that starts the agent. `change`
 * makes further edits to the user-data.
 */
async function addInstance(
  file: UserData,
  agentDelay: number,
  change = (text: string) => text,
): Promise<Member<Container>> {
  const member = await fleet().add({ agentDelay });
  const { machine } = member;
  await rm(join(machine.directory, 'etc/jumpcloud/host.json'));
  const example = await readFile(join(EXAMPLES, 'cloud-init', file), 'utf8');
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

/** Waits until cloud-init has ended and the boot is complete. */
async function waitForBoot({ machine }: Member): Promise<void> {
  await machine.waitForState('cloud-final.service', 'exited', 60);
  await machine.waitForState('multi-user.target', 'active', 10);
  expect((await machine.run('cloud-init', 'status')).stdout).toContain('status: done');
}

function expectDesiredState({ host }: Member): void {
  const { store } = fleet().emulator;
  expect(store.record(host.systemId)).toMatchObject({
    displayName: 'web-i-1',
    description: 'Serves the shop',
    attributes: [
      { name: 'role', value: 'web' },
      { name: 'autoscaling_group', value: 'shop' },
      { name: 'instance_id', value: 'i-1' },
    ],
  });
  expect(store.groupsOf(host.systemId)).toEqual([IDS.web]);
  expect(store.hasEdge(host.systemId, 'user', IDS.admin)).toBe(true);
}

lifecycleTest(
  'a unit that cloud-init starts waits for the agent and configures the instance',
  async (report) => {
    const member = await addInstance('user-data.yml', 15);
    const { machine } = member;
    await machine.boot();
    await waitForBoot(member);
    expect(await machine.state(HOST_UNIT)).toBe('active running');
    expect(await saveStatus('cloud-init-waiting', member)).toMatch(/Status: "Waiting for the /);
    expect(member.writes()).toEqual([]);
    await report('boot, until cloud-final.service', member);
    await machine.waitForState(HOST_UNIT, 'exited', 120);
    expectDesiredState(member);
    await report('agent after 15 s, settle 60 s', member);
    expect(await machine.end('systemctl', 'poweroff')).toBe('off');
    expect(hasRecord(member)).toBe(false);
    await report('poweroff', member);
  },
);

/** Adds an instance whose image starts jumpcloud-host.service at every boot. */
async function addInstanceWithUnit(
  file: UserData,
  registrationTimeout: number,
): Promise<Member<Container>> {
  const member = await addInstance(file, 15, (text) =>
    text
      .replace('"settle": 60', '"settle": 1')
      .replace(/(?<="registration_timeout": )\d+/, String(registrationTimeout)),
  );
  const wants = join(member.machine.directory, 'etc/systemd/system/multi-user.target.wants');
  await mkdir(wants, { recursive: true });
  await symlink(`/usr/lib/systemd/system/${HOST_UNIT}`, join(wants, HOST_UNIT));
  return member;
}

// cloud-final.service starts the agent after multi-user.target. If jumpcloud-host.service delayed
// multi-user.target, jumpcloud-host.service would wait for the agent until its timeout.
lifecycleTest(
  'a unit in the image waits for the agent that cloud-init installs',
  async (report) => {
    const member = await addInstanceWithUnit('user-data-jinja.yml', 600);
    await member.machine.boot();
    await waitForBoot(member);
    await report('boot, until cloud-final.service', member);
    await member.machine.waitForState(HOST_UNIT, 'exited', 60);
    expectDesiredState(member);
    await report('agent after 15 s', member);
  },
);

lifecycleTest(
  'a unit in the image is restarted until cloud-init has installed the agent',
  async (report) => {
    const member = await addInstanceWithUnit('user-data.yml', 3);
    await member.machine.boot();
    await waitForBoot(member);
    await member.machine.waitForState(HOST_UNIT, 'activating', 30);
    expect(await saveStatus('cloud-init-again', member)).toMatch(
      /Status: ".*did not register within 3 s/,
    );
    expect(member.writes()).toEqual([]);
    await report('boot, until the unit has failed once', member);
    await member.machine.waitForState(HOST_UNIT, 'exited', 110);
    expectDesiredState(member);
    await report('agent after 15 s, timeout 3 s', member);
  },
);
