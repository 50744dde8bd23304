import { describe, expect } from 'vitest';
import type { MetadataConfig } from '../../emulator/metadata/metadata-service.ts';
import { runModule } from '../../harness/executable.ts';
import { test as hostTest } from '../../harness/fixture.ts';
import { DMI, type MachineConfig } from './cloud-machine.ts';
import { test } from './machine-test.ts';

const INFO = 'jumpcloud_system_info';
const FACTS_CALL = { module: INFO, options: { gather: ['facts'] } } as const;

const OS_FACTS = {
  hostname: 'web-1.example.com',
  hostname_short: 'web-1',
  'os.id': 'debian',
  'os.version_id': '12',
  'os.pretty_name': 'Debian GNU/Linux 12 (bookworm)',
  arch: expect.any(String),
  kernel: expect.any(String),
};

describe('jumpcloud_system_info with gather: facts', () => {
  const tags = { role: 'web', 'startup-script': '#!/bin/sh\nSECRET=hunter2', Team: 'shop' };
  const googleMachine = (faults: MetadataConfig['faults'] = []): MachineConfig => ({
    dmi: DMI.google,
    metadata: { cloud: 'google', tags, faults },
  });

  test('jumpcloud_system_info lists all facts of a host, but lists tags only by name', async ({
    machine,
  }) => {
    const { answers, jumpcloud } = await machine.run(googleMachine(), FACTS_CALL);
    expect(answers[0]?.answer).toMatchObject({ changed: false, enrolled: true });
    expect(answers[0]?.answer['facts']).toEqual({
      ...OS_FACTS,
      'cloud.provider': 'gce',
      'cloud.instance_id': '3141592653589793238',
      'cloud.instance_type': 'e2-small',
      'cloud.image_id': 'debian-12-bookworm-v20240110',
      'cloud.region': 'europe-west1',
      'cloud.availability_zone': 'europe-west1-b',
      'cloud.account_id': 'shop-production',
      'cloud.tag': ['Team', 'role', 'startup-script'],
    });
    expect(JSON.stringify(answers)).not.toMatch(/hunter2|"shop"/);
    expect(jumpcloud).toEqual([]);
  });

  test('jumpcloud_system_info lists facts when the option `gather` contains `facts` and other parts', async ({
    machine,
  }) => {
    const call = { module: INFO, options: { gather: ['groups', 'facts'] } } as const;
    const { answers } = await machine.run({ dmi: DMI.qemu }, call);
    expect(answers[0]?.answer).toMatchObject({ groups: [], facts: OS_FACTS });
  });

  test('jumpcloud_system_info reads no facts by default', async ({ machine }) => {
    const { answers, connections } = await machine.run(googleMachine(), {
      module: INFO,
      options: {},
    });
    expect(answers[0]?.answer).not.toHaveProperty('facts');
    expect(connections).toBe(0);
  });

  test('jumpcloud_system_info lists the facts of a host that is not enrolled', async ({
    machine,
  }) => {
    const options = { gather: ['facts'], agent_dir: '/nowhere' };
    const { answers } = await machine.run(googleMachine(), { module: INFO, options });
    expect(answers[0]?.answer).toMatchObject({
      changed: false,
      enrolled: false,
      reason: { code: 'not_enrolled' },
      facts: { ...OS_FACTS, 'cloud.provider': 'gce' },
    });
  });

  test('jumpcloud_system_info lists facts from other sources when the metadata service does not answer', async ({
    machine,
  }) => {
    const v6 = 'fd00:ec2::254';
    const cloudInit = {
      v1: { cloud_name: 'aws', region: 'eu-central-1' },
      ds: { 'meta-data': { tags: { instance: { Role: 'web' } } } },
    };
    const { answers } = await machine.run(
      {
        cloudInit,
        dmi: DMI.ec2,
        addresses: ['169.254.169.254', v6],
        metadata: { cloud: 'ec2', faults: [['', { kind: 'silent' }]] },
      },
      FACTS_CALL,
    );
    expect(answers[0]?.answer['facts']).toEqual({
      ...OS_FACTS,
      'cloud.provider': 'aws',
      'cloud.region': 'eu-central-1',
      'cloud.tag': ['Role'],
    });
    expect(answers[0]?.seconds).toBeLessThan(9);
  });

  test('jumpcloud_system_info lists no tags from the cloud-init file if the metadata service has no tags', async ({
    machine,
  }) => {
    const cloudInit = { ds: { 'meta-data': { tags: { instance: { Role: 'web' } } } } };
    const machineWithoutTags: MachineConfig = {
      cloudInit,
      dmi: DMI.ec2,
      metadata: { cloud: 'ec2' },
    };
    const { answers } = await machine.run(machineWithoutTags, FACTS_CALL);
    expect(answers[0]?.answer['facts']).not.toHaveProperty(['cloud.tag']);
  });

  test('jumpcloud_system_info ends within a second of SIGTERM', async ({ machine }) => {
    const silentMachine = googleMachine([['', { kind: 'silent' }]]);
    const { answers } = await machine.run(silentMachine, { ...FACTS_CALL, isInterrupted: true });
    expect(answers[0]?.answer).toMatchObject({ error: { code: 'interrupted' } });
    expect(answers[0]?.seconds).toBeLessThan(0.7);
  });

  hostTest('a failed result of jumpcloud_system_info contains the facts', async ({ host }) => {
    host.hit({ kind: 'status', status: 403 });
    const { answer } = await host.run(INFO, { gather: ['groups', 'facts'] });
    expect(answer).toMatchObject({ failed: true, facts: { arch: expect.any(String) } });
  });

  hostTest('jumpcloud_system_info lists no environment variables', async ({ host }) => {
    const { answer } = await host.run(INFO, { gather: ['facts'] }, { env: { ROLE: 'env-secret' } });
    expect(JSON.stringify(answer)).not.toContain('env-secret');
  });

  hostTest('jumpcloud_system_info reports the facts when registration_timeout passes', async () => {
    const options = { gather: ['facts'], agent_dir: '/nowhere', registration_timeout: 0.1 };
    const { answer } = await runModule(INFO, options);
    expect(answer).toMatchObject({ error: { code: 'not_enrolled' }, facts: expect.anything() });
  });
});
