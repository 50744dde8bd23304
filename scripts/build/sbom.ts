import { createHash } from 'node:crypto';

/** A component of CycloneDX 1.6, with the fields that this project uses. */
export interface Component {
  readonly type: 'application' | 'library' | 'file';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
  readonly cpe?: string;
  readonly purl?: string;
  readonly pedigree?: { readonly notes: string };
  readonly externalReferences?: readonly { readonly type: string; readonly url: string }[];
}

/** A program that took part in the build. */
export type Tool = Pick<Component, 'type' | 'name' | 'version'>;

/** The content of a software bill of materials (SBOM). */
export interface Sbom {
  /** The software that the SBOM describes. */
  readonly subject: Component;
  /** The time of the sources in seconds since 1970. */
  readonly time: number;
  readonly components: readonly Component[];
  /** Maps the `bom-ref` of a component to the `bom-ref` of each component inside it. */
  readonly contents: Readonly<Record<string, readonly string[]>>;
  readonly tools: readonly Tool[];
  /** Facts about the build, for example the commit. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The file name of an SBOM inside a package. Scanners recognise the suffix. */
export const sbomFileName = 'sbom.cdx.json';

/** Returns an SBOM as JSON in the format CycloneDX 1.6. Equal SBOMs give equal bytes. */
export function renderCycloneDx(sbom: Sbom): string {
  const { subject, time, components, contents, tools, properties } = sbom;
  const identity = createHash('sha256').update(JSON.stringify(sbom)).digest('hex');
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${makeUuid(identity)}`,
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString().replace('.000', ''),
      lifecycles: [{ phase: 'build' }],
      ...(tools.length > 0 && { tools: { components: tools } }),
      component: subject,
      properties: Object.entries(properties).map(([name, value]) => ({
        name: `jumpcloud-system-context:${name}`,
        value,
      })),
    },
    components,
    dependencies: Object.entries(contents).map(([ref, dependsOn]) => ({ ref, dependsOn })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Returns the SHA-256 of content in CycloneDX's format. */
export function sha256Checksum(content: string | Uint8Array): { alg: string; content: string } {
  return { alg: 'SHA-256', content: createHash('sha256').update(content).digest('hex') };
}

/** Converts a checksum in npm's format, for example `sha512-…`, to CycloneDX's format. */
export function convertIntegrity(integrity: string): { alg: string; content: string } {
  const [algorithm = '', digest = ''] = integrity.split('-');
  return {
    alg: algorithm.replace('sha', 'SHA-'),
    content: Buffer.from(digest, 'base64').toString('hex'),
  };
}

/** Makes a version 8 UUID from the first half of a hexadecimal SHA-256. */
function makeUuid(hash: string): string {
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 3) | 8).toString(16);
  const digits = `${hash.slice(0, 12)}8${hash.slice(13, 16)}${variant}${hash.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
