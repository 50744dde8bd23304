import type { CloudProvider } from './cloud-provider.ts';
import { type Fact, tagOf, toFact } from './fact.ts';
import { parseObject } from './json-object.ts';
import { type MetadataAnswer, MetadataError, type MetadataService } from './metadata-service.ts';

const SERVICE_NAME = "EC2's metadata service";

/** The service's IPv4 address, and its IPv6 address for instances without IPv4. */
const ADDRESSES = ['169.254.169.254', 'fd00:ec2::254'];

const FACT_PATHS: Readonly<Record<string, string>> = {
  'cloud.instance_id': 'meta-data/instance-id',
  'cloud.instance_type': 'meta-data/instance-type',
  'cloud.image_id': 'meta-data/ami-id',
  'cloud.region': 'meta-data/placement/region',
  'cloud.availability_zone': 'meta-data/placement/availability-zone',
  'cloud.account_id': 'dynamic/instance-identity/document',
};

const TAGS_PATH = 'meta-data/tags/instance';

/** Sends a GET request with a session token. */
type MetadataGetter = (path: string) => Promise<MetadataAnswer>;

/**
 * Reads facts from EC2's metadata service. Uses IMDSv2 only: every request carries a session token.
 */
export class Ec2 implements CloudProvider {
  readonly name = 'aws';
  readonly service = SERVICE_NAME;
  readonly #service: MetadataService;
  #session: Promise<MetadataGetter> | undefined;

  constructor(service: MetadataService) {
    this.#service = service;
  }

  async readFact(name: string): Promise<Fact> {
    const tag = tagOf(name);
    const path =
      tag === undefined ? (FACT_PATHS[name] ?? '') : `${TAGS_PATH}/${encodePathSegment(tag)}`;
    const { body } = await this.#get(path);
    if (body === undefined && tag !== undefined) {
      return {
        reason: `not found in ${SERVICE_NAME}, which has tags only if the instance's metadata options allow it`,
      };
    }
    const value = name === 'cloud.account_id' ? parseObject(body ?? '')?.['accountId'] : body;
    return toFact(value, SERVICE_NAME);
  }

  async readTagNames(): Promise<readonly string[]> {
    const { body = '' } = await this.#get(TAGS_PATH);
    return body.split('\n').filter((name) => name !== '');
  }

  async #get(path: string): Promise<MetadataAnswer> {
    this.#session ??= openSession(this.#service);
    const get = await this.#session;
    return get(path);
  }
}

/** Fetches a session token from the first address that answers. */
async function openSession(service: MetadataService): Promise<MetadataGetter> {
  let failure: unknown;
  for (const address of ADDRESSES) {
    try {
      const token = await fetchToken(address, service);
      const headers = { 'x-aws-ec2-metadata-token': token };
      return (path) => service.send({ address, path: `/latest/${path}`, headers });
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

async function fetchToken(address: string, service: MetadataService): Promise<string> {
  const { body = '' } = await service.send({
    address,
    method: 'PUT',
    path: '/latest/api/token',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  const token = body.trim();
  // The token is sent in a header, so it may contain only these characters.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new MetadataError('sent no session token');
  return token;
}

/**
 * Encodes a tag's name as one segment of a path. Keeps the characters `:`, `@`, `=`, `+` and `,`,
 * which a segment may contain.
 */
function encodePathSegment(name: string): string {
  const encoded = encodeURIComponent(Buffer.from(name).toString());
  return encoded.replace(/%(?:3A|40|3D|2B|2C)/g, decodeURIComponent);
}
