import { subjectReference } from '../build/modules-sbom.ts';
import { type Component, convertIntegrity, type Sbom, sha256Checksum } from '../build/sbom.ts';
import type { NodeArchitecture, PinnedNode, Runtime } from './runtime.ts';

/** The libraries in Node.js that are npm packages. */
const NPM_LIBRARIES = ['acorn', 'amaro', 'undici'];

/**
 * Maps a library to its vendor and product in the National Vulnerability Database, which scanners
 * use.
 */
const CPE_PRODUCTS: Readonly<Record<string, string>> = {
  ares: 'c-ares:c-ares',
  brotli: 'google:brotli',
  icu: 'icu-project:international_components_for_unicode',
  llhttp: 'nodejs:llhttp',
  nghttp2: 'nghttp2:nghttp2',
  openssl: 'openssl:openssl',
  sqlite: 'sqlite:sqlite',
  uv: 'libuv:libuv',
  v8: 'google:v8',
  zlib: 'zlib:zlib',
  zstd: 'facebook:zstandard',
};

/**
 * Returns the SBOM of the package with Node.js: the binary, its npm package, and the libraries in
 * the binary. The SBOM names no commit and no tool, so that every release of the modules builds
 * identical bytes.
 */
export function runtimeSbom(
  name: string,
  architecture: NodeArchitecture,
  { version, released, integrity, libraries }: PinnedNode,
  { node }: Runtime,
): Sbom {
  const libraryComponents = Object.entries(libraries).map(([library, libraryVersion]) =>
    libraryComponent(library, libraryVersion),
  );
  const source = `pkg:npm/node-linux-${architecture}@${version}`;
  return {
    subject: {
      type: 'application',
      'bom-ref': subjectReference,
      name,
      version,
      licenses: [{ license: { id: 'MIT' } }],
    },
    time: Date.parse(released) / 1000,
    components: [
      {
        type: 'application',
        'bom-ref': source,
        name: 'node',
        version,
        hashes: [convertIntegrity(integrity[architecture])],
        licenses: [{ license: { id: 'MIT' } }],
        cpe: cpeName('nodejs:node.js', version),
        purl: source,
        pedigree: { notes: 'The package contains the binary and the licence of this npm package.' },
      },
      {
        type: 'file',
        'bom-ref': 'node',
        name: 'node',
        version,
        hashes: [sha256Checksum(node)],
      },
      ...libraryComponents,
    ],
    contents: {
      [subjectReference]: [source],
      [source]: ['node', ...libraryComponents.map((component) => component['bom-ref'])],
    },
    tools: [],
    properties: {},
  };
}

function libraryComponent(name: string, version: string): Component {
  const purl = `pkg:${NPM_LIBRARIES.includes(name) ? 'npm' : 'generic'}/${name}@${version}`;
  const product = CPE_PRODUCTS[name];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    ...(product && { cpe: cpeName(product, version) }),
    purl,
  };
}

/**
 * Returns the CPE 2.3 name of a library. Drops the part of a version after a hyphen, as in
 * 1.3.2.1-motley-285e94b.
 */
function cpeName(product: string, version: string): string {
  return `cpe:2.3:a:${product}:${version.replace(/-.*/, '')}:*:*:*:*:*:*:*`;
}
