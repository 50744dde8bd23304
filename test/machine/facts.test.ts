import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import type { MetadataConfig } from '../emulator/metadata/metadata-service.ts';
import { EXAMPLES } from '../examples/sandbox.ts';
import { CloudNetwork } from './cloud-network.ts';
import { Container } from './container.ts';
import type { Member } from './fleet.ts';
import {
  type LastResult,
  RESULTS_DIRECTORY,
  readLastResult,
  waitForOutcome,
} from './last-result.ts';
import { bootUntilDesiredState, HOST_UNIT, LOGS, matrix } from './matrix.ts';

const image = { kind: 'trixie-rsyslog' } as const;
const { fleet, lifecycleTest } = matrix(Container.copy, image);

/**
 * A unit that gives the machine a DMI string, because the machine that runs the tests may have
 * none.
 */
const DMI_UNIT = `[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount -t tmpfs tmpfs /sys/class
ExecStart=/bin/mkdir -p /sys/class/dmi/id
ExecStart=/bin/cp /etc/sys_vendor /sys/class/dmi/id/
`;

/** The ids of the system groups of the example, by name. */
let groups: Record<string, string>;
const networks: CloudNetwork[] = [];

beforeAll(async () => {
  const document = await readFile(join(EXAMPLES, 'autoscaling/host.json'), 'utf8');
  groups = JSON.parse(document).names.system_group;
  for (const id of Object.values(groups)) fleet().emulator.store.addGroup(id);
  const at = (path: string) => join(fleet().image, path);
  await writeFile(
    at('etc/jumpcloud/host.json'),
    document.replace('"settle": 60', '"settle": 1').replace('600', '60'),
  );
  await writeFile(at('etc/systemd/system/dmi.service'), DMI_UNIT);
  await writeFile(at('etc/sys_vendor'), 'Amazon EC2\n');
  await mkdir(at('etc/systemd/system/sysinit.target.wants'), { recursive: true });
  await symlink('../dmi.service', at('etc/systemd/system/sysinit.target.wants/dmi.service'));
});
afterAll(async () => {
  for (const network of networks) await network.end();
});

/** A cloud instance. All instances are copies of one image and differ only in their network. */
interface Instance extends Member<Container> {
  readonly network: CloudNetwork;
}

const ec2 = (role: string, instanceId: string): MetadataConfig => ({
  cloud: 'ec2',
  tags: { Role: role },
  instanceId,
});

async function addInstance(metadata: MetadataConfig): Promise<Instance> {
  const network = await CloudNetwork.start(metadata);
  networks.push(network);
  const member = await fleet().add({ document: null });
  member.machine.network = network.path;
  return { ...member, network };
}

/** Expects that the record has the name, attributes and groups of a role. */
function expectRole({ host }: Member, role: string, instanceId: string): void {
  const { store } = fleet().emulator;
  expect(store.record(host.systemId)).toMatchObject({
    displayName: `${role}-${instanceId}`,
    attributes: [
      { name: 'role', value: role },
      { name: 'instance_id', value: instanceId },
      { name: 'account', value: '123456789012' },
      { name: 'region', value: 'eu-central-1' },
    ],
  });
  expect(new Set(store.groupsOf(host.systemId))).toEqual(new Set([groups['linux'], groups[role]]));
}

/**
 * Restarts jumpcloud-host.service and returns its next result, which must have the given outcome.
 */
async function restartHostUnit(member: Member, outcome: string): Promise<LastResult> {
  await member.machine.run('rm', '-f', `${RESULTS_DIRECTORY}/jumpcloud-host.json`);
  await member.machine.run('systemctl', 'restart', HOST_UNIT);
  return waitForOutcome(member, outcome, 30);
}

lifecycleTest(
  'three machines of one image with one host.json have the names and groups of their tags',
  async (report) => {
    const roles = ['web', 'db', 'cache'];
    const instances = await Promise.all(
      roles.map((role, index) => addInstance(ec2(role, `i-${index}`))),
    );
    await Promise.all(instances.map((instance) => bootUntilDesiredState(instance)));
    const documents = await Promise.all(
      instances.map(({ machine }) => machine.run('cat', '/etc/jumpcloud/host.json')),
    );
    expect(new Set(documents.map(({ stdout }) => stdout)).size).toBe(1);
    for (const [index, instance] of instances.entries()) {
      const role = roles[index] ?? '';
      expectRole(instance, role, `i-${index}`);
      const { displayName } = fleet().emulator.store.record(instance.host.systemId);
      await report(`tag ${role}: ${displayName}, groups linux and ${role}`, instance);
    }
  },
);

lifecycleTest(
  'a changed tag moves a machine to another group, and a silent metadata service changes nothing',
  async (report) => {
    const instance = await addInstance(ec2('web', 'i-7'));
    await bootUntilDesiredState(instance);
    expectRole(instance, 'web', 'i-7');
    await report('boot as web', instance);
    expect(await instance.network.change(ec2('db', 'i-7'))).toBeGreaterThan(0);
    await restartHostUnit(instance, 'changed');
    expectRole(instance, 'db', 'i-7');
    await report('the tag is db', instance);
    await instance.network.change({ ...ec2('web', 'i-7'), faults: [['', { kind: 'silent' }]] });
    const { result } = await restartHostUnit(instance, 'retrying');
    expect(result?.error).toMatchObject({ code: 'fact_unavailable' });
    expect(instance.writes()).toEqual([]);
    expectRole(instance, 'db', 'i-7');
    await report('the metadata service is silent', instance);
  },
);

lifecycleTest(
  'a machine whose DMI string names no cloud opens no connection to a metadata service',
  async (report) => {
    const instance = await addInstance(ec2('web', 'i-8'));
    await instance.machine.write('etc/sys_vendor', 'QEMU\n');
    await instance.machine.boot();
    const { result } = await waitForOutcome(instance, 'retrying', 60);
    expect(result?.msg).toContain("the machine's DMI strings name no known cloud");
    expect(await instance.network.change(ec2('web', 'i-8'))).toBe(0);
    await report('boot', instance);
  },
);

lifecycleTest(
  'a host name that is set while the unit waits for the agent is in the record',
  async (report) => {
    const document = { expand_facts: true, system: { display_name: '{hostname}' } };
    const member = await fleet().add({ agentDelay: 1000, document });
    const { machine } = member;
    await machine.boot();
    await machine.waitForState(HOST_UNIT, 'running', 40);
    await machine.run('hostname', 'named-late');
    expect(await machine.state(HOST_UNIT)).toBe('active running');
    await machine.write('etc/agent-delay', '0');
    await machine.run('systemctl', 'restart', 'jcagent');
    await machine.waitForState(HOST_UNIT, 'exited', 60);
    const { displayName } = fleet().emulator.store.record(member.host.systemId);
    expect(displayName).toBe('named-late');
    await report('boot, a new host name, the agent', member);
  },
);

lifecycleTest(
  'the writes of a run that fails at its third edge are in the journal and in the file of rsyslog',
  async (report) => {
    const { store, faults } = fleet().emulator;
    const [group, policy] = [store.addGroup(), store.add('policy')];
    const user = store.addUser();
    const secret = 'value-of-an-attribute';
    const member = await fleet().add({
      document: {
        system: { attributes: { role: secret, owner: secret } },
        groups: [group],
        users: [{ id: user, sudo: true }],
        user_groups: undefined,
        policies: [policy],
        policy_groups: undefined,
        commands: undefined,
      },
    });
    const { machine } = member;
    const { systemId } = member.host;
    store.associate(systemId, 'user', user);
    faults.add({
      fault: { kind: 'status', status: 403 },
      times: Infinity,
      when: ({ method, url, body }) =>
        method === 'POST' && url.includes(systemId) && JSON.stringify(body).includes(policy),
    });
    const docs = await readFile(join(projectDirectory, 'docs/audit-trail.md'), 'utf8');
    const [, rsyslog = ''] = /^```\n(# \/etc\/rsyslog\.d\/.*?)^```/ms.exec(docs) ?? [];
    await machine.write('etc/rsyslog.d/30-jumpcloud.conf', rsyslog.replace(/^.*omfwd.*\n/m, ''));
    await machine.boot();
    await machine.waitForState(HOST_UNIT, 'failed', 60);
    expect((await readLastResult(member)).result?.error).toMatchObject({
      code: 'rejected',
      section: 'policies',
    });
    const expected = [
      `op=update type=system system=${systemId} fields=attributes attributes=role,owner`,
      `op=add type=system_group id=${group} system=${systemId}`,
      `op=update type=user id=${user} sudo=true sudo_without_password=false system=${systemId}`,
    ];
    const words = ['SYSLOG_FACILITY=10', '-t', 'jumpcloud_host', '-o', 'cat', '--no-pager'];
    const journal = await machine.run('journalctl', ...words);
    expect(journal.stdout.split('\n')).toEqual(expected);
    const file = await vi.waitFor(async () => {
      const text = await readFile(join(machine.directory, 'var/log/jumpcloud.log'), 'utf8');
      expect(text.match(/op=.*/g)).toEqual(expected);
      return text;
    });
    expect(file).not.toContain(secret);
    await writeFile(join(LOGS, 'audit.log'), file);
    await report('boot', member);
  },
);
