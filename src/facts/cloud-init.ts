import { readRegularFile } from '../options/read-regular-file.ts';
import { azureFact, azureTags } from './azure.ts';
import { type Fact, tagOf, toFact } from './fact.ts';
import { asObject, type JsonObject, parseObject } from './json-object.ts';

const INSTANCE_DATA_PATH = '/run/cloud-init/instance-data.json';

/**
 * The maximum size of cloud-init's file, in MiB. The file contains the user data, which may be
 * large.
 */
const MAX_INSTANCE_DATA_MIB = 16;

/** The text that cloud-init writes in place of a value that only root may read. */
const REDACTED_TEXT = 'redacted for non-root user';

/** The key of each fact in the object `v1`. These keys are the same on all clouds. */
const V1_KEYS: Readonly<Record<string, string>> = {
  'cloud.provider': 'cloud_name',
  'cloud.instance_id': 'instance_id',
  'cloud.region': 'region',
  'cloud.availability_zone': 'availability_zone',
};

/** The key of each fact in EC2's metadata. OpenStack uses the same keys. */
const EC2_KEYS: Readonly<Record<string, string>> = {
  'cloud.instance_type': 'instance-type',
  'cloud.image_id': 'ami-id',
};

/** Reads facts from the file that cloud-init writes at boot. */
export class CloudInit {
  readonly #v1: JsonObject;
  /** The metadata under the key `ds`, in a form that depends on the cloud. */
  readonly #cloud: JsonObject;
  readonly #metadata: JsonObject;
  /** Azure's `compute` object; undefined on other clouds. */
  readonly #compute: JsonObject | undefined;

  constructor(text = readInstanceData()) {
    const { v1, ds } = parseObject(text) ?? {};
    const standard = asObject(v1);
    // Without a data source, `cloud_name` is `none` and cloud-init invents an instance id.
    this.#v1 = standard['cloud_name'] === 'none' ? {} : standard;
    this.#cloud = asObject(ds);
    // The name of the key depends on the cloud.
    this.#metadata = asObject(this.#cloud['meta-data'] ?? this.#cloud['meta_data']);
    const { compute } = asObject(this.#metadata['imds']);
    this.#compute = compute === undefined ? undefined : asObject(compute);
  }

  readFact(name: string): Fact {
    const tag = tagOf(name);
    const value = tag === undefined ? this.#nonTagFact(name) : this.#tags().get(tag);
    return toFact(value === REDACTED_TEXT ? undefined : value, INSTANCE_DATA_PATH);
  }

  /** Returns the names of this instance's tags. */
  readTagNames(): readonly string[] {
    return [...this.#tags().keys()];
  }

  #nonTagFact(name: string): unknown {
    // On Azure, availability_zone in `v1` is the fault domain, and instance_id may be wrong.
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
    // Older versions of cloud-init write Google's attributes as JSON text.
    const googleAttributes = typeof attributes === 'string' ? parseObject(attributes) : attributes;
    return new Map(Object.entries(asObject(googleAttributes ?? asObject(tags)['instance'])));
  }
}

function readInstanceData(): string {
  try {
    return readRegularFile(INSTANCE_DATA_PATH, MAX_INSTANCE_DATA_MIB).toString('utf8');
  } catch {
    return '';
  }
}
