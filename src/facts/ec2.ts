import type { CloudProvider, MetadataFact } from './cloud-provider.ts';
import { unanswered } from './cloud-provider.ts';
import { TAG, toFact } from './fact.ts';
import {
  type MetadataAnswer,
  MetadataError,
  type MetadataService,
  parseObject,
} from './metadata-service.ts';

const SERVICE = "EC2's metadata service";

/** The second serves instances that have IPv6 addresses only. */
const ADDRESSES = ['169.254.169.254', 'fd00:ec2::254'];

const PATHS: Readonly<Record<string, string>> = {
  'cloud.instance_id': 'meta-data/instance-id',
  'cloud.instance_type': 'meta-data/instance-type',
  'cloud.image_id': 'meta-data/ami-id',
  'cloud.region': 'meta-data/placement/region',
  'cloud.availability_zone': 'meta-data/placement/availability-zone',
  'cloud.account_id': 'dynamic/instance-identity/document',
};

const TAGS = 'meta-data/tags/instance';

/** Amazon EC2, by IMDSv2 alone: every request carries a session token. */
export const ec2: CloudProvider = {
  name: 'aws',

  async readFacts(facts, service) {
    let get: (path: string) => Promise<MetadataAnswer>;
    try {
      get = await openSession(service);
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      return new Map(facts.map((fact) => [fact, unanswered(SERVICE, error)]));
    }
    return new Map(
      await Promise.all(
        facts.map(async (fact): Promise<[string, MetadataFact]> => [fact, await read(fact, get)]),
      ),
    );
  },

  async readTagNames(service) {
    try {
      const { status, body } = await (await openSession(service))(TAGS);
      return status === 200 ? body.split('\n').filter((name) => name !== '') : undefined;
    } catch (error) {
      if (error instanceof MetadataError) return undefined;
      throw error;
    }
  },
};

/** Fetches a session token; a service that answers only with one is IMDSv2. */
async function openSession(service: MetadataService) {
  let failure: unknown;
  for (const address of ADDRESSES) {
    try {
      const { status, body } = await service.send({
        address,
        method: 'PUT',
        path: '/latest/api/token',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
      });
      if (status !== 200) throw new MetadataError(`refused a session token (${status})`);
      const headers = { 'x-aws-ec2-metadata-token': body.trim() };
      return (path: string) => service.send({ address, path: `/latest/${path}`, headers });
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

async function read(
  fact: string,
  get: (path: string) => Promise<MetadataAnswer>,
): Promise<MetadataFact> {
  const tag = fact.startsWith(TAG) ? fact.slice(TAG.length) : undefined;
  const path = tag === undefined ? PATHS[fact] : `${TAGS}/${encodeURIComponent(tag)}`;
  try {
    const { status, body } = await get(path ?? '');
    if (status === 404) {
      const reason =
        tag === undefined
          ? `not found in ${SERVICE}`
          : `${SERVICE} has no such tag, or the instance's metadata options do not allow tags`;
      return { reason, isAnswered: true };
    }
    if (status !== 200) return unanswered(SERVICE, new Error(`answered with ${status}`));
    const value = fact === 'cloud.account_id' ? parseObject(body)['accountId'] : body;
    return { ...toFact(value, SERVICE), isAnswered: true };
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return unanswered(SERVICE, error);
  }
}
