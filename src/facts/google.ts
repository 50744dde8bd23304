import type { CloudProvider, MetadataFact } from './cloud-provider.ts';
import { unanswered } from './cloud-provider.ts';
import { TAG, toFact } from './fact.ts';
import { MetadataError, type MetadataService } from './metadata-service.ts';

const SERVICE = "Google's metadata service";

const PATHS: Readonly<Record<string, string>> = {
  'cloud.instance_id': 'instance/id',
  'cloud.instance_type': 'instance/machine-type',
  'cloud.image_id': 'instance/image',
  'cloud.region': 'instance/zone',
  'cloud.availability_zone': 'instance/zone',
  'cloud.account_id': 'project/project-id',
};

/** Google Compute Engine. Its instance metadata attributes stand for tags. */
export const google: CloudProvider = {
  name: 'gce',

  async readFacts(facts, service) {
    return new Map(
      await Promise.all(
        facts.map(
          async (fact): Promise<[string, MetadataFact]> => [fact, await read(fact, service)],
        ),
      ),
    );
  },

  async readTagNames(service) {
    try {
      const { status, body } = await get('instance/attributes/', service);
      return status === 200 ? body.split('\n').filter((name) => name !== '') : undefined;
    } catch (error) {
      if (error instanceof MetadataError) return undefined;
      throw error;
    }
  },
};

async function get(path: string, service: MetadataService) {
  const answer = await service.send({
    path: `/computeMetadata/v1/${path}`,
    headers: { 'metadata-flavor': 'Google', host: 'metadata.google.internal' },
  });
  // Google's own answers carry the header; anything else at that address is not its service.
  if (answer.headers['metadata-flavor'] !== 'Google') {
    throw new MetadataError('the answer is not from Google');
  }
  return answer;
}

async function read(fact: string, service: MetadataService): Promise<MetadataFact> {
  const tag = fact.startsWith(TAG) ? fact.slice(TAG.length) : undefined;
  const path = tag === undefined ? PATHS[fact] : `instance/attributes/${encodeURIComponent(tag)}`;
  try {
    const { status, body } = await get(path ?? '', service);
    if (status === 404) return { reason: `not found in ${SERVICE}`, isAnswered: true };
    if (status !== 200) return unanswered(SERVICE, new Error(`answered with ${status}`));
    return { ...toFact(tag === undefined ? shorten(fact, body) : body, SERVICE), isAnswered: true };
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return unanswered(SERVICE, error);
  }
}

/** Returns the last part of a path (`projects/1/zones/europe-west1-b`), or the region of a zone. */
function shorten(fact: string, body: string): string {
  const last = body.trim().split('/').at(-1) ?? '';
  return fact === 'cloud.region' ? last.replace(/-[^-]*$/, '') : last;
}
