import type { CloudProvider, MetadataFact } from './cloud-provider.ts';
import { unanswered } from './cloud-provider.ts';
import { TAG, toFact } from './fact.ts';
import { MetadataError, type MetadataService, parseObject } from './metadata-service.ts';

const SERVICE = "Azure's metadata service";

/** The oldest version of the API that lists tags one by one. */
const PATH = '/metadata/instance/compute?api-version=2019-06-04&format=json';

/** Microsoft Azure, whose service answers everything at once. */
export const azure: CloudProvider = {
  name: 'azure',

  async readFacts(facts, service) {
    try {
      const compute = await readCompute(service);
      return new Map(
        facts.map((fact): [string, MetadataFact] => [
          fact,
          { ...toFact(azureFact(fact, compute), SERVICE), isAnswered: true },
        ]),
      );
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      return new Map(facts.map((fact) => [fact, unanswered(SERVICE, error)]));
    }
  },

  async readTagNames(service) {
    try {
      return [...azureTags(await readCompute(service)).keys()];
    } catch (error) {
      if (error instanceof MetadataError) return undefined;
      throw error;
    }
  },
};

async function readCompute(service: MetadataService): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await service.send({ path: PATH, headers: { metadata: 'true' } });
  if (status !== 200) throw new MetadataError(`answered with ${status}`);
  return parseObject(body);
}

/** Returns a fact of `compute`, as the metadata service and cloud-init's file have it. */
export function azureFact(fact: string, compute: Readonly<Record<string, unknown>>): unknown {
  if (fact.startsWith(TAG)) return azureTags(compute).get(fact.slice(TAG.length));
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

/** Returns the custom image's id, or `publisher:offer:sku:version` of one from the marketplace. */
function imageOf(compute: Readonly<Record<string, unknown>>): unknown {
  const { id, publisher, offer, sku, version } = Object(
    Object(compute['storageProfile']).imageReference,
  );
  if (id) return id;
  const parts = [publisher, offer, sku, version];
  return parts.every(Boolean) ? parts.join(':') : undefined;
}

/** Returns the tags by name. */
export function azureTags(
  compute: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, unknown> {
  const list = compute['tagsList'];
  if (!Array.isArray(list)) return new Map();
  return new Map(list.map((tag) => [String(Object(tag).name), Object(tag).value]));
}
