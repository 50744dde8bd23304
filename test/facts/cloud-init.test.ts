import { describe, expect, test } from 'vitest';
import { CloudInit } from '../../src/facts/cloud-init.ts';
import { FACT_NAMES } from '../../src/facts/fact.ts';

// These samples have the structure that cloud-init 24 writes for each data source.

const EC2 = {
  ds: {
    _doc: 'EXPERIMENTAL',
    _metadata_api_version: '2021-03-23',
    dynamic: {
      'instance-identity': {
        document: { accountId: '123456789012', region: 'eu-central-1' },
        pkcs7: ['MIAG'],
      },
    },
    'meta-data': {
      'ami-id': 'ami-0abc',
      'instance-id': 'i-0123456789abcdef0',
      'instance-type': 't3.small',
      placement: { 'availability-zone': 'eu-central-1b', region: 'eu-central-1' },
      tags: { instance: { Name: 'web-7', Role: 'web', Empty: '', Json: { a: 1 } } },
    },
  },
  v1: {
    availability_zone: 'eu-central-1b',
    cloud_name: 'aws',
    instance_id: 'i-0123456789abcdef0',
    region: 'eu-central-1',
  },
};

const AZURE = {
  ds: {
    meta_data: {
      imds: {
        compute: {
          location: 'westeurope',
          platformFaultDomain: '0',
          storageProfile: {
            imageReference: {
              id: '',
              offer: '0001-com-ubuntu-server-jammy',
              publisher: 'Canonical',
              sku: '22_04-lts-gen2',
              version: '22.04.202310040',
            },
          },
          subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
          tagsList: [
            { name: 'Role', value: 'web' },
            { name: 'Team', value: 'shop' },
          ],
          vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
          vmSize: 'Standard_B2s',
          zone: '2',
        },
      },
      'instance-id': 'a4b8aa02-ef74-6e47-8182-f6d2ba4166a6',
    },
  },
  // On a generation 1 virtual machine of Azure, some bytes of the instance id are swapped.
  v1: {
    availability_zone: '0',
    cloud_name: 'azure',
    instance_id: 'a4b8aa02-ef74-6e47-8182-f6d2ba4166a6',
    region: 'westeurope',
  },
};

const GOOGLE_ATTRIBUTES = { role: 'web', 'startup-script': '#!/bin/sh\necho' };
const GOOGLE = {
  ds: {
    meta_data: {
      'availability-zone': 'europe-west1-b',
      'instance-data': GOOGLE_ATTRIBUTES,
      'instance-id': '3141592653589793238',
      'project-data': { role: 'of the project' },
    },
  },
  v1: {
    availability_zone: 'europe-west1-b',
    cloud_name: 'gce',
    instance_id: '3141592653589793238',
    region: 'europe-west1',
  },
};

const OPENSTACK = {
  ds: {
    ec2_metadata: { 'ami-id': 'ami-0000001', 'instance-type': 'm1.small' },
    meta_data: { availability_zone: 'nova', meta: { role: 'web' }, uuid: 'd8e02d56' },
  },
  v1: { availability_zone: 'nova', cloud_name: 'openstack', instance_id: 'd8e02d56', region: null },
};

const read = (data: unknown) => new CloudInit(JSON.stringify(data));

/** Returns the value of each `cloud.*` fact that the data contains, except tags. */
function valuesOf(data: unknown): Record<string, string> {
  const file = read(data);
  const values = FACT_NAMES.filter((name) => name.startsWith('cloud.')).flatMap((name) => {
    const fact = file.readFact(name);
    return 'value' in fact ? [[name.slice('cloud.'.length), fact.value]] : [];
  });
  return Object.fromEntries(values);
}

const NOT_FOUND = { reason: 'not found in /run/cloud-init/instance-data.json' };

describe('CloudInit, on EC2', () => {
  test('CloudInit has all facts of EC2', () => {
    expect(valuesOf(EC2)).toEqual({
      provider: 'aws',
      instance_id: 'i-0123456789abcdef0',
      instance_type: 't3.small',
      image_id: 'ami-0abc',
      region: 'eu-central-1',
      availability_zone: 'eu-central-1b',
      account_id: '123456789012',
    });
  });

  test('CloudInit has the tags of EC2', () => {
    const file = read(EC2);
    expect(file.readTagNames()).toEqual(['Name', 'Role', 'Empty', 'Json']);
    expect(file.readFact('cloud.tag.Role')).toEqual({ value: 'web' });
    expect(file.readFact('cloud.tag.role')).toEqual(NOT_FOUND);
    expect(file.readFact('cloud.tag.Json')).toEqual(NOT_FOUND);
    expect(file.readFact('cloud.tag.Empty')).toMatchObject({
      reason: expect.stringMatching(/^empty in /),
    });
    expect(file.readFact('cloud.tag.constructor')).toEqual(NOT_FOUND);
  });

  test('CloudInit prefers standardised keys to the keys of the cloud', () => {
    const other = { ...EC2, v1: { ...EC2.v1, region: 'us-east-1', instance_type: 'ignored' } };
    expect(valuesOf(other)).toMatchObject({ region: 'us-east-1', instance_type: 't3.small' });
  });
});

describe('CloudInit, on Azure', () => {
  test("CloudInit has all facts of Azure, with the id and zone from Azure's own metadata", () => {
    expect(valuesOf(AZURE)).toEqual({
      provider: 'azure',
      instance_id: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
      instance_type: 'Standard_B2s',
      image_id: 'Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:22.04.202310040',
      region: 'westeurope',
      availability_zone: '2',
      account_id: '8d10da13-8125-4ba9-a717-bf7490507b3d',
    });
  });

  test("CloudInit does not report Azure's fault domain as the zone", () => {
    const { compute } = AZURE.ds.meta_data.imds;
    const ds = { meta_data: { imds: { compute: { ...compute, zone: '' } } } };
    expect(valuesOf({ ...AZURE, ds })).not.toHaveProperty('availability_zone');
  });

  test("CloudInit uses the standardised keys if Azure's metadata is missing", () => {
    expect(valuesOf({ v1: AZURE.v1 })).toMatchObject({ instance_id: AZURE.v1.instance_id });
  });

  test('CloudInit has the tags of Azure', () => {
    expect(read(AZURE).readTagNames()).toEqual(['Role', 'Team']);
    expect(read(AZURE).readFact('cloud.tag.Team')).toEqual({ value: 'shop' });
  });
});

describe('CloudInit, on Google', () => {
  test("on Google's cloud, CloudInit finds exactly the standardised facts", () => {
    expect(valuesOf(GOOGLE)).toEqual({
      provider: 'gce',
      instance_id: '3141592653589793238',
      region: 'europe-west1',
      availability_zone: 'europe-west1-b',
    });
  });

  test.each([
    ['an object', GOOGLE_ATTRIBUTES],
    ['JSON text, as of older versions', JSON.stringify(GOOGLE_ATTRIBUTES)],
  ])(
    "CloudInit reads Google's instance attributes as tags if they are given as %s",
    (_, attributes) => {
      const file = read({ ...GOOGLE, ds: { meta_data: { 'instance-data': attributes } } });
      expect(file.readTagNames()).toEqual(['role', 'startup-script']);
      expect(file.readFact('cloud.tag.role')).toEqual({ value: 'web' });
      expect(file.readFact('cloud.tag.startup-script')).toMatchObject({
        reason: expect.stringMatching(/^has control char/),
      });
    },
  );
});

test('CloudInit finds the facts of OpenStack under the keys of EC2', () => {
  expect(valuesOf(OPENSTACK)).toEqual({
    provider: 'openstack',
    instance_id: 'd8e02d56',
    instance_type: 'm1.small',
    image_id: 'ami-0000001',
    availability_zone: 'nova',
  });
});

test('CloudInit without a data source has no facts', () => {
  const v1 = { cloud_name: 'none', instance_id: 'iid-datasource-none', region: null };
  expect(valuesOf({ v1, ds: { meta_data: {} } })).toEqual({});
});

test.each([['unknown'], ['redacted for non-root user'], [''], [null], [['aws']]])(
  'CloudInit has no provider when the name of the cloud is %j',
  (cloud_name) => {
    expect(valuesOf({ v1: { cloud_name } })).toEqual({});
  },
);

test('CloudInit returns a cloud tag whose value is "unknown"', () => {
  const ds = { 'meta-data': { tags: { instance: { Role: 'unknown' } } } };
  expect(read({ ds }).readFact('cloud.tag.Role')).toEqual({ value: 'unknown' });
});

test.each(['', 'null', '[]', '{"v1":null,"ds":[]}', '{"ds":{"meta-data":"x"}}', '{"v1":'])(
  'CloudInit has no facts when its file holds %j',
  (text) => {
    const file = new CloudInit(text);
    expect(file.readFact('cloud.region')).toEqual(NOT_FOUND);
    expect(file.readFact('cloud.account_id')).toEqual(NOT_FOUND);
    expect(file.readFact('cloud.tag.Role')).toEqual(NOT_FOUND);
    expect(file.readTagNames()).toEqual([]);
  },
);
