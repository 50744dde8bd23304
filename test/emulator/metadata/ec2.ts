import type { MetadataAnswer, MetadataHandler } from './answer.ts';

const VALUES: Readonly<Record<string, string>> = {
  'meta-data/instance-id': 'i-0123456789abcdef0',
  'meta-data/instance-type': 't3.small',
  'meta-data/ami-id': 'ami-0abc',
  'meta-data/placement/region': 'eu-central-1',
  'meta-data/placement/availability-zone': 'eu-central-1b',
  'dynamic/instance-identity/document': '{\n  "accountId" : "123456789012"\n}',
};

const TAGS_PATH = 'meta-data/tags/instance';
const TOKEN = 'AQAAAB1lC2_xyz-0123456789==';
const NOT_FOUND: MetadataAnswer = { status: 404, body: '<html>404 - Not Found</html>' };

/** Returns the answers of EC2's metadata service. It requires session tokens, as IMDSv2 does. */
export function ec2Handler(
  tags: Readonly<Record<string, string>> | undefined,
  instanceId = VALUES['meta-data/instance-id'] ?? '',
): MetadataHandler {
  const values = new Map(Object.entries(VALUES));
  values.set('meta-data/instance-id', instanceId);
  if (tags !== undefined) values.set(TAGS_PATH, Object.keys(tags).join('\n'));
  for (const [name, value] of Object.entries(tags ?? {})) values.set(`${TAGS_PATH}/${name}`, value);

  return ({ method, url = '', headers }) => {
    // Only requests through a proxy have these headers.
    if (headers['x-forwarded-for'] !== undefined || headers.via !== undefined) {
      return { status: 403 };
    }
    const path = url.replace(/^\/latest\//, '');
    if (method === 'PUT') {
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (path !== 'api/token') return NOT_FOUND;
      return seconds >= 1 && seconds <= 21_600 ? { status: 200, body: TOKEN } : { status: 400 };
    }
    if (headers['x-aws-ec2-metadata-token'] !== TOKEN) return { status: 401 };
    const body = values.get(path);
    return body === undefined ? NOT_FOUND : { status: 200, body };
  };
}
