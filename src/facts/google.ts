import type { CloudProvider } from './cloud-provider.ts';
import { type Fact, tagOf, toFact } from './fact.ts';
import { MetadataError, type MetadataService } from './metadata-service.ts';

const SERVICE_NAME = "Google's metadata service";

const FACT_PATHS: Readonly<Record<string, string>> = {
  'cloud.instance_id': 'instance/id',
  'cloud.instance_type': 'instance/machine-type',
  'cloud.image_id': 'instance/image',
  'cloud.region': 'instance/zone',
  'cloud.availability_zone': 'instance/zone',
  'cloud.account_id': 'project/project-id',
};

const ATTRIBUTES_PATH = 'instance/attributes/';

/** Reads facts from Google's metadata service. Instance attributes serve as tags. */
export class Google implements CloudProvider {
  readonly name = 'gce';
  readonly service = SERVICE_NAME;
  readonly #service: MetadataService;

  constructor(service: MetadataService) {
    this.#service = service;
  }

  async readFact(name: string): Promise<Fact> {
    const tag = tagOf(name);
    if (tag !== undefined) {
      const encoded = encodeURIComponent(Buffer.from(tag).toString());
      return toFact(await this.#get(`${ATTRIBUTES_PATH}${encoded}`), SERVICE_NAME);
    }
    const value = (await this.#get(FACT_PATHS[name] ?? ''))?.trim().split('/').at(-1);
    return toFact(name === 'cloud.region' ? value?.replace(/-[^-]*$/, '') : value, SERVICE_NAME);
  }

  async readTagNames(): Promise<readonly string[]> {
    const body = (await this.#get(ATTRIBUTES_PATH)) ?? '';
    return body.split('\n').filter((name) => name !== '');
  }

  async #get(path: string): Promise<string | undefined> {
    const { body, headers } = await this.#service.send({
      path: `/computeMetadata/v1/${path}`,
      headers: { 'metadata-flavor': 'Google' },
    });
    // Every answer of Google's service has the header Metadata-Flavor.
    if (headers['metadata-flavor'] !== 'Google') {
      throw new MetadataError(
        'did not send the header Metadata-Flavor, so another server may have answered',
      );
    }
    return body;
  }
}
