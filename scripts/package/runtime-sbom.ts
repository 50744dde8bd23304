import { subjectReference } from '../build/modules-sbom.ts';
import { type Component, convertChecksum, type Sbom, sha256 } from '../build/sbom.ts';
import type { NodeArchitecture, PinnedNode, Runtime } from './runtime.ts';

/** The libraries in Node.js that are npm packages. */
const NPM = ['acorn', 'amaro', 'undici'];

/** The vendor and product in the National Vulnerability Database, where scanners look them up. */
const CPE: Readonly<Record<string, string>> = {
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
 * Lists the content of the package with Node.js: the binary, the npm package that it comes from, and
 * the libraries inside it. It names no commit and no tool, because each release of the modules has
 * the same package, byte for byte.
 */
export function runtimeSbom(
  name: string,
  architecture: NodeArchitecture,
  { version, released, integrity, libraries }: PinnedNode,
  { node }: Runtime,
): Sbom {
  const inside = Object.entries(libraries).map(([library, its]) => libraryComponent(library, its));
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
        hashes: [convertChecksum(integrity[architecture])],
        licenses: [{ license: { id: 'MIT' } }],
        cpe: cpe('nodejs:node.js', version),
        purl: source,
        pedigree: { notes: 'The package contains the binary and the licence of this npm package.' },
      },
      {
        type: 'file',
        'bom-ref': 'node',
        name: 'node',
        version,
        hashes: [sha256(node)],
      },
      ...inside,
    ],
    contents: {
      [subjectReference]: [source],
      [source]: ['node', ...inside.map((component) => component['bom-ref'])],
    },
    tools: [],
    properties: {},
  };
}

function libraryComponent(name: string, version: string): Component {
  const purl = `pkg:${NPM.includes(name) ? 'npm' : 'generic'}/${name}@${version}`;
  const product = CPE[name];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    ...(product && { cpe: cpe(product, version) }),
    purl,
  };
}

/** Returns a CPE 2.3 name. A version such as 1.3.2.1-motley-285e94b counts up to its hyphen. */
function cpe(product: string, version: string): string {
  return `cpe:2.3:a:${product}:${version.replace(/-.*/, '')}:*:*:*:*:*:*:*`;
}
