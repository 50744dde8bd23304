import type { MetadataHandler } from './answer.ts';

const VALUES: Readonly<Record<string, string>> = {
  'instance/id': '3141592653589793238',
  'instance/machine-type': 'projects/271828182845/machineTypes/e2-small',
  'instance/image': 'projects/debian-cloud/global/images/debian-12-bookworm-v20240110',
  'instance/zone': 'projects/271828182845/zones/europe-west1-b',
  'project/project-id': 'shop-production',
};

const ATTRIBUTES_PATH = 'instance/attributes/';
const GOOGLE_HEADERS = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };

/** Returns the answers of Google's metadata service. */
export function googleHandler(attributes: Readonly<Record<string, string>> = {}): MetadataHandler {
  const values = new Map(Object.entries(VALUES));
  values.set(ATTRIBUTES_PATH, Object.keys(attributes).join('\n'));
  for (const [name, value] of Object.entries(attributes)) values.set(ATTRIBUTES_PATH + name, value);

  return ({ url = '', headers }) => {
    if (headers['metadata-flavor'] !== 'Google' || headers['x-forwarded-for'] !== undefined) {
      return { status: 403, headers: GOOGLE_HEADERS, body: 'Missing required header' };
    }
    const body = values.get(url.replace(/^\/computeMetadata\/v1\//, ''));
    return body === undefined
      ? { status: 404, headers: GOOGLE_HEADERS, body: '<html>404</html>' }
      : { status: 200, headers: GOOGLE_HEADERS, body };
  };
}
