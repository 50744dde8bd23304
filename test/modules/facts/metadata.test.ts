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

/** The time that a run may take beyond its limit, in seconds: to start and end on a busy machine. */
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

const V6 = 'fd00:ec2::254';

/** A call that expands references in the display name. */
function naming(display_name: string, call: Partial<MachineCall> = {}): MachineCall {
  return { module: 'jumpcloud_system', options: { expand_facts: true, display_name }, ...call };
}

/** A call that needs facts, and writes nothing. */
const needing = (...facts: string[]) =>
  naming(facts.map((fact) => `{${fact}}`).join(' '), { flags: ['--check'] });

function ec2(metadata: Partial<MetadataConfig> = {}, machine: MachineConfig = {}): MachineConfig {
  return {
    dmi: DMI.ec2,
    ...machine,
    metadata: { cloud: 'ec2', tags: { Role: 'web' }, ...metadata },
  };
}

/** Returns the requests to the metadata service: address, method, path, status. */
const requests = ({ metadata }: MachineReport) =>
  metadata.map(({ method, path, status }) => `${method} ${path} ${status}`);

/** Returns the only answer. */
function answerOf({ answers }: MachineReport) {
  expect(answers).toHaveLength(1);
  const [answer] = answers;
  if (answer === undefined) throw new Error('no answer');
  expect(answer.stderr).toBe('');
  return answer;
}

/** Expects that facts were unavailable and no request to JumpCloud was sent. Returns the reasons. */
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
    ['EC2', ec2(), EC2_FACTS],
    ['EC2 on Xen', ec2({}, { dmi: DMI.ec2Xen }), EC2_FACTS],
    [
      'Google',
      { dmi: DMI.google, metadata: { cloud: 'google', tags: { Role: 'web' } } },
      GOOGLE_FACTS,
    ],
    ['Azure', { dmi: DMI.azure, metadata: { cloud: 'azure', tags: { Role: 'web' } } }, AZURE_FACTS],
  ])('a machine in %s has all facts', async ([, machine, facts], { machine: own }) => {
    const report = await own.run(machine, needing(...CLOUD_FACTS));
    const { answer } = answerOf(report);
    expect(answer).toMatchObject({ changed: true, facts });
    expect(report.metadata.map(({ status }) => status)).toEqual(report.metadata.map(() => 200));
    expect([report.dnsQuestions, report.proxyConnections]).toEqual([[], 0]);
  });
});

describe('on EC2', () => {
  test('a run fetches one session token and requests only referenced facts', async ({
    machine,
  }) => {
    const call = needing('cloud.tag.Role', 'cloud.region', 'cloud.region', 'cloud.provider');
    const report = await machine.run(ec2(), call);
    expect(requests(report).slice(0, 1)).toEqual(['PUT /latest/api/token 200']);
    expect(requests(report).slice(1).sort()).toEqual([
      'GET /latest/meta-data/placement/region 200',
      'GET /latest/meta-data/tags/instance/Role 200',
    ]);
  });

  test('the name of a tag is requested as one segment of a path', async ({ machine }) => {
    const tags = { 'a:b@c=d+e,f.g_h-i': 'web' };
    const report = await machine.run(
      ec2({ tags }),
      needing('cloud.tag.a:b@c=d+e,f.g_h-i', 'cloud.tag.a b/c?d#e%|none'),
    );
    expect(answerOf(report).answer['facts']).toEqual({
      'cloud.tag.a:b@c=d+e,f.g_h-i': 'web',
      'cloud.tag.a b/c?d#e%': 'none',
    });
    expect(requests(report)).toContain(
      'GET /latest/meta-data/tags/instance/a%20b%2Fc%3Fd%23e%25 404',
    );
  });

  test("a tag is missing if the metadata options do not allow tags, even if cloud-init's file has it", async ({
    machine,
  }) => {
    const cloudInit = { ds: { 'meta-data': { tags: { instance: { Role: 'old' } } } } };
    const off: MachineConfig = { cloudInit, dmi: DMI.ec2, metadata: { cloud: 'ec2' } };
    const report = await machine.run(off, needing('cloud.tag.Role', 'hostname'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role':
        "not found in EC2's metadata service, which has tags only if the instance's metadata options allow it",
    });
    expect(answerOf(report).answer['facts']).toEqual({ hostname: 'web-1.example.com' });
    const again = await machine.run(off, needing('cloud.tag.Role|web'));
    expect(answerOf(again).answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
  });

  test('a tag with an empty value is missing', async ({ machine }) => {
    const report = await machine.run(ec2({ tags: { Role: ' ' } }), needing('cloud.tag.Role|web'));
    expect(answerOf(report).answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
  });

  test('a run waits one second for a service whose answers do not arrive, as behind a hop limit of 1', async ({
    machine,
  }) => {
    const faults: MetadataConfig['faults'] = [['', { kind: 'silent' }]];
    const report = await machine.run(ec2({ faults }), needing('cloud.tag.Role', 'cloud.region'));
    const reason = "EC2's metadata service did not answer within 1 s";
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role': `${reason}; not found in /run/cloud-init/instance-data.json`,
      'cloud.region': `not found in /run/cloud-init/instance-data.json; ${reason}`,
    });
    expect(requests(report)).toEqual(['PUT /latest/api/token 0']);
    expect(answerOf(report).seconds).toBeLessThan(1 + GRACE_S);
  });

  test('an instance with IPv6 addresses only uses the IPv6 address', async ({ machine }) => {
    const report = await machine.run(
      ec2({ addresses: [V6] }, { addresses: [V6] }),
      needing('cloud.tag.Role', 'cloud.region'),
    );
    expect(answerOf(report).answer['facts']).toMatchObject({ 'cloud.tag.Role': 'web' });
    expect(new Set(report.metadata.map(({ address }) => address))).toEqual(new Set([V6]));
    expect(answerOf(report).seconds).toBeLessThan(GRACE_S);
  });

  test('the run keeps its whole budget after a wait for facts', async ({ machine }) => {
    const both = ['169.254.169.254', V6];
    const report = await machine.run(
      ec2({ addresses: both, faults: [['^169', { kind: 'silent' }]] }, { addresses: both }),
      {
        ...naming('{cloud.tag.Role}'),
        options: { expand_facts: true, display_name: '{cloud.tag.Role}', timeout: 1 },
      },
    );
    expect(answerOf(report).answer).toMatchObject({
      changed: true,
      settings: { display_name: 'web' },
    });
    expect(answerOf(report).seconds).toBeGreaterThan(1);
  });

  test('all requests together take three seconds at most', async ({ machine }) => {
    const both = ['169.254.169.254', V6];
    const faults: MetadataConfig['faults'] = [
      ['^169', { kind: 'silent' }],
      ['meta-data', { kind: 'slow' }],
    ];
    const report = await machine.run(
      ec2({ addresses: both, faults }, { addresses: both }),
      needing('cloud.tag.Role', 'cloud.tag.Team', 'cloud.region', 'cloud.image_id'),
    );
    expect(Object.keys(reasonsOf(report))).toHaveLength(4);
    expect(answerOf(report).seconds).toBeLessThan(3 + GRACE_S);
  });

  test.for<[name: string, token: MetadataFault, reason: string]>([
    ['refused', { kind: 'answer', status: 403 }, 'answered with status 403'],
    ['empty', { kind: 'answer', status: 200 }, 'sent no session token'],
    ['no text', { kind: 'answer', status: 200, body: 'a\r\nb' }, 'sent no session token'],
    ['missing', { kind: 'answer', status: 404 }, 'sent no session token'],
  ])(
    'a run requests no fact if the session token is %s',
    async ([, fault, reason], { machine }) => {
      const report = await machine.run(
        ec2({ faults: [['token', fault]] }),
        needing('cloud.tag.Role'),
      );
      expect(reasonsOf(report)['cloud.tag.Role']).toMatch(`EC2's metadata service ${reason}; `);
      expect(report.metadata).toHaveLength(1);
    },
  );
});

describe('on Google', () => {
  const google = (faults: MetadataConfig['faults'] = []): MachineConfig => ({
    dmi: DMI.google,
    cloudInit: { ds: { meta_data: { 'instance-data': { Role: 'old' } } } },
    metadata: { cloud: 'google', tags: { Role: 'web', script: '#!/bin/sh\ntrue' }, faults },
  });

  test.for([200, 404])(
    'an answer %i without the header Metadata-Flavor does not count',
    async (status, { machine }) => {
      const fault: MetadataFault = { kind: 'answer', status, body: 'portal' };
      const call = needing('cloud.tag.Role', 'cloud.account_id|none');
      const report = await machine.run(google([['', fault]]), call);
      expect(answerOf(report).answer['facts']).toEqual({
        'cloud.tag.Role': 'old',
        'cloud.account_id': 'none',
      });
    },
  );

  test("an attribute that the service does not have is missing, even if cloud-init's file has it", async ({
    machine,
  }) => {
    const machineWithout = { ...google(), metadata: { cloud: 'google' as const } };
    const report = await machine.run(machineWithout, needing('cloud.tag.Role'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role': "not found in Google's metadata service",
    });
  });

  test('an attribute of several lines is not available', async ({ machine }) => {
    const report = await machine.run(google(), needing('cloud.tag.script'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.script': "has control characters in Google's metadata service",
    });
  });
});

describe('on Azure', () => {
  const azure = (body: string): MachineConfig => ({
    dmi: DMI.azure,
    cloudInit: {
      ds: { meta_data: { imds: { compute: { tagsList: [{ name: 'Role', value: 'old' }] } } } },
    },
    metadata: { cloud: 'azure', faults: [['', { kind: 'answer', status: 200, body }]] },
  });

  test('cloud.image_id is the id of a custom image', async ({ machine }) => {
    const compute = { storageProfile: { imageReference: { id: '/images/web', offer: null } } };
    const report = await machine.run(azure(JSON.stringify(compute)), needing('cloud.image_id'));
    expect(answerOf(report).answer['facts']).toEqual({ 'cloud.image_id': '/images/web' });
  });

  test.for(['<html>', '[]', 'null', '{"tagsList":'])(
    'the answer %j counts as no answer',
    async (body, { machine }) => {
      const report = await machine.run(azure(body), needing('cloud.tag.Role', 'cloud.region|none'));
      expect(answerOf(report).answer['facts']).toMatchObject({ 'cloud.tag.Role': 'old' });
    },
  );

  test('a tag is missing if the service answers without any tags', async ({ machine }) => {
    const report = await machine.run(azure('{}'), needing('cloud.tag.Role'));
    expect(reasonsOf(report)).toEqual({
      'cloud.tag.Role': "not found in Azure's metadata service",
    });
  });
});

describe("cloud-init's file", () => {
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

  test('the metadata service is not asked for fixed facts that the file has', async ({
    machine,
  }) => {
    const call = needing(...CLOUD_FACTS.filter((fact) => !fact.startsWith('cloud.tag.')));
    const report = await machine.run(ec2({}, { cloudInit: { v1, ds } }), call);
    expect(answerOf(report).answer['facts']).toMatchObject({
      'cloud.instance_id': 'i-written',
      'cloud.account_id': '1',
    });
    expect(report.connections).toBe(0);
  });

  test('a tag in the file counts only when the metadata service does not answer', async ({
    machine,
  }) => {
    const call = needing('cloud.tag.Role');
    const answered = await machine.run(ec2({}, { cloudInit: { v1, ds } }), call);
    expect(answerOf(answered).answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
    const faults: MetadataConfig['faults'] = [['', { kind: 'answer', status: 500 }]];
    const failing = await machine.run(ec2({ faults }, { cloudInit: { v1, ds } }), call);
    expect(answerOf(failing).answer['facts']).toEqual({ 'cloud.tag.Role': 'old' });
  });

  test('the metadata service is asked for facts that the file lacks', async ({ machine }) => {
    const call = needing('cloud.instance_id', 'cloud.image_id');
    const report = await machine.run(ec2({}, { cloudInit: { v1 } }), call);
    expect(answerOf(report).answer['facts']).toEqual({
      'cloud.instance_id': 'i-written',
      'cloud.image_id': 'ami-0abc',
    });
    expect(report.metadata).toHaveLength(2);
  });

  test('a broken file is ignored', async ({ machine }) => {
    const report = await machine.run(ec2({}, { cloudInit: '{"v1":' }), needing('cloud.region'));
    expect(answerOf(report).answer['facts']).toEqual({ 'cloud.region': 'eu-central-1' });
  });
});

describe('a machine whose DMI strings name no cloud with a known service', () => {
  test.for<[name: string, dmi: MachineConfig['dmi']]>([
    ['QEMU', DMI.qemu],
    ['Hyper-V', DMI.hyperV],
    ['no kind', {}],
    ['almost EC2', { sys_vendor: 'Amazon EC2 Lookalike', bios_version: 'amazon-1.0' }],
  ])(
    'a machine with DMI strings of %s opens no connection to a metadata service',
    async ([, dmi], { machine }) => {
      const report = await machine.run(
        { ...(dmi && { dmi }) },
        needing('cloud.tag.Role', 'cloud.region'),
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

  test('a machine without a metadata service has the facts that cloud-init has written', async ({
    machine,
  }) => {
    const cloudInit = { v1: { cloud_name: 'openstack', availability_zone: 'nova' } };
    const call = needing('cloud.provider', 'cloud.availability_zone');
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
    ['sends a byte now and then', { kind: 'slow' }, 'did not answer within 1 s', 1],
    ['sends without end', { kind: 'endless' }, 'answered with more than 64 KiB', 0],
    [
      'sends a byte more than 64 KiB',
      { kind: 'answer', status: 200, headers: { 'metadata-flavor': 'Google' }, length: 65_537 },
      'answered with more than 64 KiB',
      0,
    ],
    ['ends before its answer does', { kind: 'short' }, 'did not complete its answer', 0],
    ['resets the connection', { kind: 'reset' }, 'could not be reached (ECONNRESET)', 0],
    ['does not speak HTTP', { kind: 'noise' }, 'did not answer in HTTP (HPE_INVALID_CONSTANT)', 0],
    [
      'redirects',
      { kind: 'answer', status: 302, headers: { location: '/elsewhere' } },
      'answered with status 302',
      0,
    ],
    ['fails', { kind: 'answer', status: 503 }, 'answered with status 503', 0],
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
    '%s metadata service %s: the fact is unavailable',
    async ([service, , cloud, [fault, reason, seconds]], { machine }) => {
      const [, dmi, name, where] = cloud;
      const metadata: MetadataConfig = {
        cloud: name,
        tags: { Role: 'web' },
        faults: [[where, fault]],
      };
      const report = await machine.run({ dmi, metadata }, needing('cloud.tag.Role'));
      expect(reasonsOf(report)['cloud.tag.Role']).toBe(
        `${service} metadata service ${reason}; not found in /run/cloud-init/instance-data.json`,
      );
      expect(answerOf(report).seconds).toBeLessThan(seconds + GRACE_S);
      expect(report.metadata.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    },
  );

  test('a metadata service that does not listen is reported as not reachable', async ({
    machine,
  }) => {
    const report = await machine.run(
      { dmi: DMI.google, addresses: [] },
      needing('cloud.tag.Role', 'cloud.provider'),
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
        { ...needing('cloud.tag.Role', 'cloud.region'), isInterrupted: true },
      );
      const { answer, seconds } = answerOf(report);
      expect(answer).toMatchObject({ changed: false, error: { code: 'interrupted' } });
      expect(seconds).toBeLessThan(0.7);
      expect(report.jumpcloud).toEqual([]);
    },
  );
});

describe('a proxy in the environment is never used for facts', () => {
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

  test.for(NODES)('Node.js %s connects to no proxy', async ([, node], { machine, skip }) => {
    if (!existsSync(node)) skip('npm run setup:nodes fetches this Node.js');
    const needed = needing('cloud.tag.Role');
    const report = await machine.run(
      ec2(),
      { ...needed, env: { ...env, JUMPCLOUD_NODE: node } },
      { ...needed, env, node },
    );
    const [whole] = report.answers;
    expect(whole?.stderr).toBe('');
    for (const { answer } of report.answers) {
      expect(answer['facts']).toEqual({ 'cloud.tag.Role': 'web' });
    }
    expect(report.proxyConnections).toBe(0);
  });
});

describe('values are data', () => {
  test.for<[given: string, shown: string]>([
    ['{hostname}', '{hostname}'],
    ['$(reboot) `id` $&', '$(reboot) `id` $&'],
    ['{{ lookup("file") }}', '{{ lookup("file") }}'],
    ['  web\n', 'web'],
  ])('the value %j is not expanded or executed', async ([given, shown], { machine }) => {
    const report = await machine.run(ec2({ tags: { Role: given } }), naming('{cloud.tag.Role}'));
    expect(answerOf(report).answer).toMatchObject({ settings: { display_name: shown } });
  });

  test.for<[name: string, given: string, reason: string]>([
    ['with control characters', 'a\u001b[31m', 'has control characters in'],
    ['of more than 1,024 characters', 'a'.repeat(1025), 'longer than 1024 characters in'],
  ])('a value %s is not available', async ([, given, reason], { machine }) => {
    const report = await machine.run(ec2({ tags: { Role: given } }), needing('cloud.tag.Role'));
    expect(reasonsOf(report)['cloud.tag.Role']).toBe(`${reason} EC2's metadata service`);
  });
});
