import type { MetadataHandler } from './answer.ts';

const COMPUTE = {
  azEnvironment: 'AzurePublicCloud',
  location: 'westeurope',
  name: 'web-7',
  platformFaultDomain: '0',
  storageProfile: {
    imageReference: {
      id: '',
      offer: '0001-com-ubuntu-server-jammy',
      publisher: 'Canonical',
      sku: '22_04-lts-gen2',
      version: 'latest',
    },
  },
  subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
  vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
  vmSize: 'Standard_B2s',
  zone: '2',
};

/** Returns the answers of Azure's metadata service. */
export function azureHandler(tags: Readonly<Record<string, string>> = {}): MetadataHandler {
  const tagsList = Object.entries(tags).map(([name, value]) => ({ name, value }));
  return ({ url = '', headers }) => {
    const { pathname, searchParams } = new URL(url, 'http://metadata');
    if (headers['metadata'] !== 'true' || headers['x-forwarded-for'] !== undefined) {
      return {
        status: 400,
        body: '{"error":"Bad request. Required metadata header not specified"}',
      };
    }
    // Azure added `tagsList` in this version of the API.
    if (!((searchParams.get('api-version') ?? '') >= '2019-06-04')) return { status: 400 };
    if (pathname !== '/metadata/instance/compute') return { status: 404 };
    return { status: 200, body: JSON.stringify({ ...COMPUTE, tagsList }) };
  };
}
