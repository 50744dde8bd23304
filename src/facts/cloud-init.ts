import { readRegularFile } from '../options/read-regular-file.ts';
import { azureFact, azureTags } from './azure.ts';
import { type Fact, TAG, toFact } from './fact.ts';
import { parseObject } from './metadata-service.ts';

const PATH = '/run/cloud-init/instance-data.json';

/** In MiB: the file also holds the user-data. */
const MAX_MIB = 16;

/** What cloud-init has written in the place of what only root may read. */
const REDACTED = /^redacted for non-root user$/;

/** The keys that cloud-init has standardised for all clouds. */
const V1_KEYS: Readonly<Record<string, string>> = {
  'cloud.provider': 'cloud_name',
  'cloud.instance_id': 'instance_id',
  'cloud.region': 'region',
  'cloud.availability_zone': 'availability_zone',
};

/** The keys of EC2's metadata. */
const EC2_KEYS: Readonly<Record<string, string>> = {
  'cloud.instance_type': 'instance-type',
  'cloud.image_id': 'ami-id',
};

/** The facts that cloud-init has written to a file at boot. */
export class CloudInit {
  readonly #data: Readonly<Record<string, unknown>>;

  constructor() {
    this.#data = parseObject(readText());
  }

  /** Returns a fact. */
  fact(name: string): Fact {
    const value = name.startsWith(TAG)
      ? this.#tags().get(name.slice(TAG.length))
      : (this.#v1(name) ?? this.#own(name));
    return toFact(typeof value === 'string' && REDACTED.test(value) ? undefined : value, PATH);
  }

  /** Returns the names of this instance's tags. */
  tagNames(): readonly string[] {
    return [...this.#tags().keys()];
  }

  #v1(name: string): unknown {
    const key = V1_KEYS[name];
    return key === undefined ? undefined : (object(this.#data['v1'])[key] ?? undefined);
  }

  /** Looks into what the cloud itself has told, which differs from cloud to cloud. */
  #own(name: string): unknown {
    const { compute, metaData, identity } = this.#sources();
    if (Object.keys(compute).length > 0) return azureFact(name, compute);
    if (name === 'cloud.account_id') return identity['accountId'];
    const key = EC2_KEYS[name];
    return key === undefined ? undefined : metaData[key];
  }

  #tags(): ReadonlyMap<string, unknown> {
    const { compute, metaData } = this.#sources();
    if (Object.keys(compute).length > 0) return azureTags(compute);
    return new Map(Object.entries(object(object(metaData['tags'])['instance'])));
  }

  #sources() {
    const ds = object(this.#data['ds']);
    const metaData = object(ds['meta_data']);
    return {
      metaData,
      compute: object(object(metaData['imds'])['compute']),
      identity: object(object(object(ds['dynamic'])['instance-identity'])['document']),
    };
  }
}

function readText(): string {
  try {
    return readRegularFile(PATH, MAX_MIB).toString('utf8');
  } catch {
    return '';
  }
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
