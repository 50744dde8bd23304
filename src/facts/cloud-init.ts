import { readRegularFile } from '../options/read-regular-file.ts';
import { azureFact, azureTags } from './azure.ts';
import { type Fact, tagOf, toFact } from './fact.ts';
import { asObject, type JsonObject, parseObject } from './json-object.ts';

const PATH = '/run/cloud-init/instance-data.json';

/** In MiB: the file also holds the user data. */
const MAX_MIB = 16;

/** Replaces a value that only root may read. */
const REDACTED = 'redacted for non-root user';

/** The keys that cloud-init has standardised for all clouds. */
const V1_KEYS: Readonly<Record<string, string>> = {
  'cloud.provider': 'cloud_name',
  'cloud.instance_id': 'instance_id',
  'cloud.region': 'region',
  'cloud.availability_zone': 'availability_zone',
};

/** The keys of EC2's metadata, which OpenStack has too. */
const EC2_KEYS: Readonly<Record<string, string>> = {
  'cloud.instance_type': 'instance-type',
  'cloud.image_id': 'ami-id',
};

/** The facts in the file that cloud-init writes at boot. */
export class CloudInit {
  readonly #v1: JsonObject;
  /** The cloud's own answer to cloud-init. Its form depends on the cloud. */
  readonly #cloud: JsonObject;
  readonly #metadata: JsonObject;
  /** Azure's metadata. */
  readonly #compute: JsonObject | undefined;

  constructor(text = readText()) {
    const { v1, ds } = parseObject(text) ?? {};
    const standard = asObject(v1);
    // Without a data source, cloud-init makes up an id.
    this.#v1 = standard['cloud_name'] === 'none' ? {} : standard;
    this.#cloud = asObject(ds);
    // The name depends on the cloud.
    this.#metadata = asObject(this.#cloud['meta-data'] ?? this.#cloud['meta_data']);
    const { compute } = asObject(this.#metadata['imds']);
    this.#compute = compute === undefined ? undefined : asObject(compute);
  }

  /** Returns a fact. */
  fact(name: string): Fact {
    const tag = tagOf(name);
    const value = tag === undefined ? this.#value(name) : this.#tags().get(tag);
    return toFact(value === REDACTED ? undefined : value, PATH);
  }

  /** Returns the names of this instance's tags. */
  tagNames(): readonly string[] {
    return [...this.#tags().keys()];
  }

  #value(name: string): unknown {
    // On Azure, the v1 keys have the fault domain as the zone, and an id that may not be the instance's.
    if (this.#compute !== undefined && name !== 'cloud.provider') {
      return azureFact(name, this.#compute);
    }
    const value = this.#v1[V1_KEYS[name] ?? ''];
    return value && value !== 'unknown' ? value : this.#ec2Fact(name);
  }

  #ec2Fact(name: string): unknown {
    if (name === 'cloud.account_id') {
      const identity = asObject(asObject(this.#cloud['dynamic'])['instance-identity']);
      return asObject(identity['document'])['accountId'];
    }
    const key = EC2_KEYS[name] ?? '';
    return this.#metadata[key] ?? asObject(this.#cloud['ec2_metadata'])[key];
  }

  #tags(): ReadonlyMap<string, unknown> {
    if (this.#compute !== undefined) return azureTags(this.#compute);
    const { tags, 'instance-data': attributes } = this.#metadata;
    // Google's attributes, which older versions of cloud-init write as JSON text.
    const ofGoogle = typeof attributes === 'string' ? parseObject(attributes) : attributes;
    return new Map(Object.entries(asObject(ofGoogle ?? asObject(tags)['instance'])));
  }
}

function readText(): string {
  try {
    return readRegularFile(PATH, MAX_MIB).toString('utf8');
  } catch {
    return '';
  }
}
