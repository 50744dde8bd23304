import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { MetadataConfig, MetadataFault } from '../../emulator/metadata/metadata-service.ts';
import { NODE_VERSIONS, nodePath } from '../../harness/nodes.ts';
import {
  DMI,
  type MachineCall,
  type MachineConfig,
  type MachineReport,
  PROXY,
} from './cloud-machine.ts';
import { test } from './machine-test.ts';

/** The time that a run may need beyond its limit on a busy machine, in seconds. */
const GRACE_S = 5;

const CLOUD_FACTS = [
  'cloud.provider',
  'cloud.instance_id',
  'cloud.instance_type',
  'cloud.image_id',
  'cloud.region',
  'cloud.availability_zone',
  'cloud.account_id',
  'cloud.tag.Role',
];

const EC2_FACTS = {
  'cloud.provider': 'aws',
  'cloud.instance_id': 'i-0123456789abcdef0',
  'cloud.instance_type': 't3.small',
  'cloud.image_id': 'ami-0abc',
  'cloud.region': 'eu-central-1',
  'cloud.availability_zone': 'eu-central-1b',
  'cloud.account_id': '123456789012',
  'cloud.tag.Role': 'web',
};
const GOOGLE_FACTS = {
  'cloud.provider': 'gce',
  'cloud.instance_id': '3141592653589793238',
  'cloud.instance_type': 'e2-small',
  'cloud.image_id': 'debian-12-bookworm-v20240110',
  'cloud.region': 'europe-west1',
  'cloud.availability_zone': 'europe-west1-b',
  'cloud.account_id': 'shop-production',
  'cloud.tag.Role': 'web',
};
const AZURE_FACTS = {
  'cloud.provider': 'azure',
  'cloud.instance_id': '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
  'cloud.instance_type': 'Standard_B2s',
  'cloud.image_id': 'Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest',
  'cloud.region': 'westeurope',
  'cloud.availability_zone': '2',
  'cloud.account_id': '8d10da13-8125-4ba9-a717-bf7490507b3d',
  'cloud.tag.Role': 'web',
};

const IPV6_ADDRESS = 'fd00:ec2::254';

/** Returns a call that expands references in the display name. */
function callWithName(display_name: string, call: Partial<MachineCall> = {}): MachineCall {
  return { module: 'jumpcloud_system', options: { expand_facts: true, display_name }, ...call };
}

/** Returns a call that needs facts and writes nothing. */
const callNeeding = (...facts: string[]) =>
  callWithName(facts.map((fact) => `{${fact}}`).join(' '), { flags: ['--check'] });

function ec2Machine(
  metadata: Partial<MetadataConfig> = {},
  machine: MachineConfig = {},
): MachineConfig {
  return {
    dmi: DMI.ec2,
    ...machine,
    metadata: { cloud: 'ec2', tags: { Role: 'web' }, ...metadata },
  };
}

/** Returns the requests to the metadata service as `METHOD path status`. */
const requests = ({ metadata }: MachineReport) =>
  metadata.map(({ method, path, status }) => `${method} ${path} ${status}`);

/** Returns the only answer of a report. */
function answerOf({ answers }: MachineReport) {
  expect(answers).toHaveLength(1);
  const [answer] = answers;
  if (answer === undefined) throw new Error('no answer');
  expect(answer.stderr).toBe('');
  return answer;
}

/**
 * Expects the error code fact_unavailable and no request to JumpCloud. Returns the reasons by fact.
 */
function reasonsOf(report: MachineReport): Record<string, string> {
  const { answer, exitCode } = answerOf(report);
  expect(exitCode).toBe(1);
  expect(answer).toMatchObject({ changed: false, error: { code: 'fact_unavailable' } });
  expect(report.jumpcloud).toEqual([]);
  const facts = answer.error?.['facts'] as { fact: string; reason: string }[];
  for (const { fact, reason } of facts) expect(answer.msg).toContain(`{${fact}} (${reason})`);
  return Object.fromEntries(facts.map(({ fact, reason }) => [fact, reason]));
}

describe('a metadata service', () => {
  test.for<[name: string, machine: MachineConfig, facts: Record<string, string>]>([
    ['EC2', ec2Machine(), EC2_FACTS],
    ['EC2 on Xen', ec2Machine({}, { dmi: DMI.ec2Xen }), EC2_FACTS],
    [
      'Google',
      { dmi: DMI.google, metadata: { cloud: 'google', tags: { Role: 'web' } } },
      GOOGLE_FACTS,
    ],
    ['Azure', { dmi: DMI.azure, metadata: { cloud: 'azure', tags: { Role: 'web' } } }, AZURE_FACTS],
  ])('a run on a machine in %s gets all facts', async ([, machine, facts], { machine: own }) => {
    const report = await own.run(machine, callNeeding(...CLOUD_FACTS));
    const { answer } = answerOf(report);
    expect(answer).toMatchObject({ changed: true, facts });
    expect(report.metadata.map(({ status }) => status)).toEqual(report.metadata.map(() => 200));
    expect([report.dnsQuestions, report.proxyConnections]).toEqual([[], 0]);
  });
});

describe('facts on EC2', () => {
  test('a run fetches one session token and requests only referenced facts', async ({
    machine,
  }) => {
    const call = callNeeding('cloud.tag.Role', 'cloud.region', 'cloud.region', 'cloud.provider');
    const report = await machine.run(ec2Machine(), call);
    expect(requests(report).slice(0, 1)).toEqual(['PUT /latest/api/token 200']);
    expect(requests(report).slice(1).sort()).toEqual([
      'GET /latest/meta-data/placement/region 200',
      'GET /latest/meta-data/tags/instance/Role 200',
    ]);
  });

  test('a run encodes the name of a tag as one path segment of the request', async ({
    machine,
  }) => {
    const tags = { 'a:b@c=d+e,f.g_h-i': 'web' };
    const report = await machine.run(
      ec2Machine({ tags }),
      callNeeding('cloud.tag.a:b@c=d+e,f.g_h-i', 'cloud.tag.a b/c?d#e%|none'),
    );
    expect(answerOf(report).answer['facts']).toEqual({
      'cloud.tag.a:b@c=d+e,f.g_h-i': 'web',
      'cloud.tag.a b/c?d#e%': 'none',
    });
    expect(requests(report)).toContain(
      'GET /latest/meta-data/tags/instance/a%20b%2Fc%3Fd%23e%25 404',
    );
  });

  test('if the EC2 metadata options hide tags, a tag counts as missing even when the cloud-init file has it', async ({
    machine,
  }) => {
    const cloudInit = { ds: { 'meta-data': { tags: { instance: { Role: 'old' } } } } };
    const machineWithoutTags: MachineConfig = {
      cloudInit,
      dmi: DMI.ec2,
      metadata: { cloud: 'ec2' },
    };
    const report = await machine.run(machineWithoutTags, callNeeding('cloud.tag.Role', 'hostname'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role':
        "not found in EC2's metadata service, which has tags only if the instance's metadata options allow it",
    });
    expect(answerOf(report).answer['facts']).toEqual({ hostname: 'web-1.example.com' });
    const again = await machine.run(machineWithoutTags, callNeeding('cloud.tag.Role|web'));
    expect(answerOf(again).answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
  });

  test('a tag with an empty value counts as missing', async ({ machine }) => {
    const report = await machine.run(
      ec2Machine({ tags: { Role: ' ' } }),
      callNeeding('cloud.tag.Role|web'),
    );
    expect(answerOf(report).answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
  });

  test('a run waits one second for a metadata service that does not answer', async ({
    machine,
  }) => {
    const faults: MetadataConfig['faults'] = [['', { kind: 'silent' }]];
    const report = await machine.run(
      ec2Machine({ faults }),
      callNeeding('cloud.tag.Role', 'cloud.region'),
    );
    const reason = "EC2's metadata service did not answer within 1 s";
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role': `${reason}; not found in /run/cloud-init/instance-data.json`,
      'cloud.region': `not found in /run/cloud-init/instance-data.json; ${reason}`,
    });
    expect(requests(report)).toEqual(['PUT /latest/api/token 0']);
    expect(answerOf(report).seconds).toBeLessThan(1 + GRACE_S);
  });

  test('a run on an IPv6-only instance uses the IPv6 address of the metadata service', async ({
    machine,
  }) => {
    const report = await machine.run(
      ec2Machine({ addresses: [IPV6_ADDRESS] }, { addresses: [IPV6_ADDRESS] }),
      callNeeding('cloud.tag.Role', 'cloud.region'),
    );
    expect(answerOf(report).answer['facts']).toMatchObject({ 'cloud.tag.Role': 'web' });
    expect(new Set(report.metadata.map(({ address }) => address))).toEqual(new Set([IPV6_ADDRESS]));
    expect(answerOf(report).seconds).toBeLessThan(GRACE_S);
  });

  test('the time spent on facts does not count towards the option `timeout`', async ({
    machine,
  }) => {
    const both = ['169.254.169.254', IPV6_ADDRESS];
    const report = await machine.run(
      ec2Machine({ addresses: both, faults: [['^169', { kind: 'silent' }]] }, { addresses: both }),
      {
        ...callWithName('{cloud.tag.Role}'),
        options: { expand_facts: true, display_name: '{cloud.tag.Role}', timeout: 1 },
      },
    );
    expect(answerOf(report).answer).toMatchObject({
      changed: true,
      settings: { display_name: 'web' },
    });
    expect(answerOf(report).seconds).toBeGreaterThan(1);
  });

  test('a run waits at most three seconds for all facts', async ({ machine }) => {
    const both = ['169.254.169.254', IPV6_ADDRESS];
    const faults: MetadataConfig['faults'] = [
      ['^169', { kind: 'silent' }],
      ['meta-data', { kind: 'slow' }],
    ];
    const report = await machine.run(
      ec2Machine({ addresses: both, faults }, { addresses: both }),
      callNeeding('cloud.tag.Role', 'cloud.tag.Team', 'cloud.region', 'cloud.image_id'),
    );
    expect(Object.keys(reasonsOf(report))).toHaveLength(4);
    expect(answerOf(report).seconds).toBeLessThan(3 + GRACE_S);
  });

  test.for<[name: string, token: MetadataFault, reason: string]>([
    ['refused', { kind: 'answer', status: 403 }, 'answered with status 403'],
    ['empty', { kind: 'answer', status: 200 }, 'sent no session token'],
    ['invalid', { kind: 'answer', status: 200, body: 'a\r\nb' }, 'sent no session token'],
    ['missing', { kind: 'answer', status: 404 }, 'sent no session token'],
  ])(
    'a run requests no fact if the session token is %s',
    async ([, fault, reason], { machine }) => {
      const report = await machine.run(
        ec2Machine({ faults: [['token', fault]] }),
        callNeeding('cloud.tag.Role'),
      );
      expect(reasonsOf(report)['cloud.tag.Role']).toMatch(`EC2's metadata service ${reason}; `);
      expect(report.metadata).toHaveLength(1);
    },
  );
});

describe('facts on Google Cloud', () => {
  const googleMachine = (faults: MetadataConfig['faults'] = []): MachineConfig => ({
    dmi: DMI.google,
    cloudInit: { ds: { meta_data: { 'instance-data': { Role: 'old' } } } },
    metadata: { cloud: 'google', tags: { Role: 'web', script: '#!/bin/sh\ntrue' }, faults },
  });

  test.for([200, 404])(
    'a run ignores a %i answer without the header Metadata-Flavor',
    async (status, { machine }) => {
      const fault: MetadataFault = { kind: 'answer', status, body: 'portal' };
      const call = callNeeding('cloud.tag.Role', 'cloud.account_id|none');
      const report = await machine.run(googleMachine([['', fault]]), call);
      expect(answerOf(report).answer['facts']).toEqual({
        'cloud.tag.Role': 'old',
        'cloud.account_id': 'none',
      });
    },
  );

  test('an attribute that the metadata service lacks counts as missing, even if the cloud-init file has it', async ({
    machine,
  }) => {
    const machineWithout = { ...googleMachine(), metadata: { cloud: 'google' as const } };
    const report = await machine.run(machineWithout, callNeeding('cloud.tag.Role'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role': "not found in Google's metadata service",
    });
  });

  test('a metadata attribute with several lines is unavailable as a fact', async ({ machine }) => {
    const report = await machine.run(googleMachine(), callNeeding('cloud.tag.script'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.script': "has control characters in Google's metadata service",
    });
  });
});

describe('facts on Azure', () => {
  const azureMachine = (body: string): MachineConfig => ({
    dmi: DMI.azure,
    cloudInit: {
      ds: { meta_data: { imds: { compute: { tagsList: [{ name: 'Role', value: 'old' }] } } } },
    },
    metadata: { cloud: 'azure', faults: [['', { kind: 'answer', status: 200, body }]] },
  });

  test('the fact cloud.image_id of a custom image is the id of the image', async ({ machine }) => {
    const compute = { storageProfile: { imageReference: { id: '/images/web', offer: null } } };
    const report = await machine.run(
      azureMachine(JSON.stringify(compute)),
      callNeeding('cloud.image_id'),
    );
    expect(answerOf(report).answer['facts']).toEqual({ 'cloud.image_id': '/images/web' });
  });

  test.for(['<html>', '[]', 'null', '{"tagsList":'])(
    'a run ignores the invalid answer %j of the metadata service',
    async (body, { machine }) => {
      const report = await machine.run(
        azureMachine(body),
        callNeeding('cloud.tag.Role', 'cloud.region|none'),
      );
      expect(answerOf(report).answer['facts']).toMatchObject({ 'cloud.tag.Role': 'old' });
    },
  );

  test('a tag is missing if the answer of the metadata service has no tags', async ({
    machine,
  }) => {
    const report = await machine.run(azureMachine('{}'), callNeeding('cloud.tag.Role'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role': "not found in Azure's metadata service",
    });
  });
});

describe('the cloud-init file', () => {
  const v1 = {
    cloud_name: 'aws',
    instance_id: 'i-written',
    region: 'eu-north-1',
    availability_zone: 'eu-north-1a',
  };
  const ds = {
    dynamic: { 'instance-identity': { document: { accountId: '1' } } },
    'meta-data': {
      'instance-type': 't2.nano',
      'ami-id': 'ami-1',
      tags: { instance: { Role: 'old' } },
    },
  };

  test('if the cloud-init file has all required facts, and none is a tag, a run sends no request to the metadata service', async ({
    machine,
  }) => {
    const call = callNeeding(...CLOUD_FACTS.filter((fact) => !fact.startsWith('cloud.tag.')));
    const report = await machine.run(ec2Machine({}, { cloudInit: { v1, ds } }), call);
    expect(answerOf(report).answer['facts']).toMatchObject({
      'cloud.instance_id': 'i-written',
      'cloud.account_id': '1',
    });
    expect(report.connections).toBe(0);
  });

  test('a run uses a tag of the cloud-init file only if the metadata service fails', async ({
    machine,
  }) => {
    const call = callNeeding('cloud.tag.Role');
    const answered = await machine.run(ec2Machine({}, { cloudInit: { v1, ds } }), call);
    expect(answerOf(answered).answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
    const faults: MetadataConfig['faults'] = [['', { kind: 'answer', status: 500 }]];
    const failing = await machine.run(ec2Machine({ faults }, { cloudInit: { v1, ds } }), call);
    expect(answerOf(failing).answer['facts']).toEqual({ 'cloud.tag.Role': 'old' });
  });

  test('a run requests facts that the cloud-init file lacks', async ({ machine }) => {
    const call = callNeeding('cloud.instance_id', 'cloud.image_id');
    const report = await machine.run(ec2Machine({}, { cloudInit: { v1 } }), call);
    expect(answerOf(report).answer['facts']).toEqual({
      'cloud.instance_id': 'i-written',
      'cloud.image_id': 'ami-0abc',
    });
    expect(report.metadata).toHaveLength(2);
  });

  test('a run ignores a cloud-init file that is not JSON', async ({ machine }) => {
    const report = await machine.run(
      ec2Machine({}, { cloudInit: '{"v1":' }),
      callNeeding('cloud.region'),
    );
    expect(answerOf(report).answer['facts']).toEqual({ 'cloud.region': 'eu-central-1' });
  });
});

describe('a machine whose DMI strings name no cloud with a known service', () => {
  test.for<[name: string, dmi: MachineConfig['dmi']]>([
    ['QEMU', DMI.qemu],
    ['Hyper-V', DMI.hyperV],
    ['an empty set', {}],
    ['almost EC2', { sys_vendor: 'Amazon EC2 Lookalike', bios_version: 'amazon-1.0' }],
  ])(
    'a run on a machine with DMI strings of %s opens no connection to a metadata service',
    async ([, dmi], { machine }) => {
      const report = await machine.run(
        { ...(dmi && { dmi }) },
        callNeeding('cloud.tag.Role', 'cloud.region'),
      );
      const reason = "the machine's DMI strings name no known cloud";
      expect(reasonsOf(report)).toEqual({
        'cloud.tag.Role': `${reason}; not found in /run/cloud-init/instance-data.json`,
        'cloud.region': `not found in /run/cloud-init/instance-data.json; ${reason}`,
      });
      expect(report.connections).toBe(0);
      expect(report.dnsQuestions).toEqual([]);
    },
  );

  test('a run without a metadata service uses the facts of the cloud-init file', async ({
    machine,
  }) => {
    const cloudInit = { v1: { cloud_name: 'openstack', availability_zone: 'nova' } };
    const call = callNeeding('cloud.provider', 'cloud.availability_zone');
    const report = await machine.run({ dmi: DMI.qemu, cloudInit }, call);
    expect(answerOf(report).answer['facts']).toEqual({
      'cloud.provider': 'openstack',
      'cloud.availability_zone': 'nova',
    });
    expect(report.connections).toBe(0);
  });
});

describe('a metadata service that misbehaves', () => {
  const FAULTS: [name: string, fault: MetadataFault, reason: string, seconds: number][] = [
    ['is silent', { kind: 'silent' }, 'did not answer within 1 s', 1],
    ['sends its answer too slowly', { kind: 'slow' }, 'did not answer within 1 s', 1],
    ['sends an endless answer', { kind: 'endless' }, 'answered with more than 64 KiB', 0],
    [
      'sends more than 64 KiB',
      { kind: 'answer', status: 200, headers: { 'metadata-flavor': 'Google' }, length: 65_537 },
      'answered with more than 64 KiB',
      0,
    ],
    ['closes the connection too early', { kind: 'short' }, 'did not complete its answer', 0],
    ['resets the connection', { kind: 'reset' }, 'could not be reached (ECONNRESET)', 0],
    ['does not speak HTTP', { kind: 'noise' }, 'did not answer in HTTP (HPE_INVALID_CONSTANT)', 0],
    [
      'answers with a redirect',
      { kind: 'answer', status: 302, headers: { location: '/elsewhere' } },
      'answered with status 302',
      0,
    ],
    ['answers 503', { kind: 'answer', status: 503 }, 'answered with status 503', 0],
  ];
  const CLOUDS = [
    ["EC2's", DMI.ec2, 'ec2', 'tags'],
    ["Google's", DMI.google, 'google', ''],
    ["Azure's", DMI.azure, 'azure', ''],
  ] as const;
  const rows = FAULTS.flatMap(([name, ...fault]) =>
    CLOUDS.map((cloud) => [cloud[0], name, cloud, fault] as const),
  );

  test.for(rows)(
    'a fact is unavailable if %s metadata service %s',
    async ([service, , cloud, [fault, reason, seconds]], { machine }) => {
      const [, dmi, name, where] = cloud;
      const metadata: MetadataConfig = {
        cloud: name,
        tags: { Role: 'web' },
        faults: [[where, fault]],
      };
      const report = await machine.run({ dmi, metadata }, callNeeding('cloud.tag.Role'));
      expect(reasonsOf(report)['cloud.tag.Role']).toBe(
        `${service} metadata service ${reason}; not found in /run/cloud-init/instance-data.json`,
      );
      expect(answerOf(report).seconds).toBeLessThan(seconds + GRACE_S);
      expect(report.metadata.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    },
  );

  test('a metadata service to which the machine has no route is reported as unreachable', async ({
    machine,
  }) => {
    const report = await machine.run(
      { dmi: DMI.google, addresses: [] },
      callNeeding('cloud.tag.Role', 'cloud.provider'),
    );
    expect(Object.keys(reasonsOf(report))).toEqual(['cloud.tag.Role']);
    expect(answerOf(report).answer.msg).toContain('could not be reached (ENETUNREACH)');
  });

  test.for(['ec2', 'google', 'azure'] as const)(
    'SIGTERM ends a run within a second while the metadata service of %s is silent',
    async (cloud, { machine }) => {
      const metadata: MetadataConfig = { cloud, faults: [['', { kind: 'silent' }]] };
      const report = await machine.run(
        { dmi: DMI[cloud], metadata },
        { ...callNeeding('cloud.tag.Role', 'cloud.region'), isInterrupted: true },
      );
      const { answer, seconds } = answerOf(report);
      expect(answer).toMatchObject({ changed: false, error: { code: 'interrupted' } });
      expect(seconds).toBeLessThan(0.7);
      expect(report.jumpcloud).toEqual([]);
    },
  );
});

describe('proxy variables during a read of facts', () => {
  const NODES = [
    [process.versions.node, process.execPath],
    ...NODE_VERSIONS.filter((version) => version !== process.versions.node).map((version) => [
      version,
      nodePath(version),
    ]),
  ] as [string, string][];

  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
  const env = {
    ...Object.fromEntries(
      names.flatMap((name) => [
        [name, PROXY],
        [name.toLowerCase(), PROXY],
      ]),
    ),
    NODE_USE_ENV_PROXY: '1',
  };

  test.for(NODES)(
    'a run with Node.js %s ignores the proxy variables when it reads facts',
    async ([, node], { machine, skip }) => {
      if (!existsSync(node)) skip('npm run setup:nodes fetches this Node.js');
      const needed = callNeeding('cloud.tag.Role');
      const report = await machine.run(
        ec2Machine(),
        { ...needed, env: { ...env, JUMPCLOUD_NODE: node } },
        { ...needed, env, node },
      );
      const [whole] = report.answers;
      expect(whole?.stderr).toBe('');
      for (const { answer } of report.answers) {
        expect(answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
      }
      expect(report.proxyConnections).toBe(0);
    },
  );
});

describe('the value of a fact', () => {
  test.for<[given: string, shown: string]>([
    ['{hostname}', '{hostname}'],
    ['$(reboot) `id` $&', '$(reboot) `id` $&'],
    ['{{ lookup("file") }}', '{{ lookup("file") }}'],
    ['  web\n', 'web'],
  ])(
    'the value %j of a tag is neither expanded nor executed',
    async ([given, shown], { machine }) => {
      const report = await machine.run(
        ec2Machine({ tags: { Role: given } }),
        callWithName('{cloud.tag.Role}'),
      );
      expect(answerOf(report).answer).toMatchObject({ settings: { display_name: shown } });
    },
  );

  test.for<[name: string, given: string, reason: string]>([
    ['with control characters', 'a\u001b[31m', 'has control characters in'],
    ['of more than 1,024 characters', 'a'.repeat(1025), 'longer than 1024 characters in'],
  ])('a fact with a value %s is unavailable', async ([, given, reason], { machine }) => {
    const report = await machine.run(
      ec2Machine({ tags: { Role: given } }),
      callNeeding('cloud.tag.Role'),
    );
    expect(reasonsOf(report)['cloud.tag.Role']).toBe(`${reason} EC2's metadata service`);
  });
});
