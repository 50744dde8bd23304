import type { CloudProvider } from './cloud-provider.ts';
import { type Fact, tagOf, toFact } from './fact.ts';
import { asObject, type JsonObject, parseObject } from './json-object.ts';
import { MetadataError, type MetadataService } from './metadata-service.ts';

const SERVICE_NAME = "Azure's metadata service";

/** The path of an instance's data, in the oldest API version that lists each tag separately. */
const COMPUTE_PATH = '/metadata/instance/compute?api-version=2019-06-04&format=json';

/** Reads facts from Azure's metadata service. One answer has all facts. */
export class Azure implements CloudProvider {
  readonly name = 'azure';
  readonly service = SERVICE_NAME;
  readonly #service: MetadataService;
  #compute: Promise<JsonObject> | undefined;

  constructor(service: MetadataService) {
    this.#service = service;
  }

  async readFact(name: string): Promise<Fact> {
    return toFact(azureFact(name, await this.#readCompute()), SERVICE_NAME);
  }

  async readTagNames(): Promise<readonly string[]> {
    return [...azureTags(await this.#readCompute()).keys()];
  }

  #readCompute(): Promise<JsonObject> {
    this.#compute ??= readCompute(this.#service);
    return this.#compute;
  }
}

async function readCompute(service: MetadataService): Promise<JsonObject> {
  const { body } = await service.send({ path: COMPUTE_PATH, headers: { metadata: 'true' } });
  const compute = body === undefined ? undefined : parseObject(body);
  if (compute === undefined) throw new MetadataError('did not answer with a JSON object');
  return compute;
}

/**
 * Returns a fact from Azure's `compute` object, which is in the metadata service and in
 * cloud-init's file.
 */
export function azureFact(fact: string, compute: JsonObject): unknown {
  const tag = tagOf(fact);
  if (tag !== undefined) return azureTags(compute).get(tag);
  switch (fact) {
    case 'cloud.instance_id':
      return compute['vmId'];
    case 'cloud.instance_type':
      return compute['vmSize'];
    case 'cloud.region':
      return compute['location'];
    case 'cloud.availability_zone':
      return compute['zone'];
    case 'cloud.account_id':
      return compute['subscriptionId'];
    case 'cloud.image_id':
      return imageOf(compute);
    default:
      return undefined;
  }
}

/** Returns the id of a custom image, or `publisher:offer:sku:version` of a marketplace image. */
function imageOf(compute: JsonObject): unknown {
  const profile = asObject(compute['storageProfile']);
  const { id, publisher, offer, sku, version } = asObject(profile['imageReference']);
  if (id) return id;
  const parts = [publisher, offer, sku, version];
  return parts.every(Boolean) ? parts.join(':') : undefined;
}

/** Returns the values of an instance's tags, by tag name. */
export function azureTags(compute: JsonObject): ReadonlyMap<string, unknown> {
  const list = compute['tagsList'];
  if (!Array.isArray(list)) return new Map();
  return new Map(list.map(asObject).map(({ name, value }) => [String(name), value]));
}
