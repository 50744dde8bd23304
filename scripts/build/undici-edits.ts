import { createRequire } from 'node:module';
import { brotliCompressSync } from 'node:zlib';
import type { Edit } from './apply-edits.ts';

const require = createRequire(import.meta.url);

/**
 * Returns the exports of a file of undici.
 * @throws Error if an export in `names` is missing
 */
function loadExports(file: string, ...names: readonly string[]): Record<string, object> {
  const found = require(`undici/lib/${file}`);
  const missing = names.filter((name) => found[name] === undefined);
  if (missing.length > 0) throw new Error(`undici/lib/${file} has no ${missing.join(' and no ')}`);
  return found;
}

/**
 * Returns `contents` for a file that no module uses. The code throws an error when it is loaded.
 */
const throwOnLoad = (reason: string) => () => `throw new Error(${JSON.stringify(reason)})`;
const throwWhenCalled = (reason: string) => () =>
  `module.exports = function () { ${throwOnLoad(reason)()} }`;

/**
 * The edits to undici that the build makes. The unused code of undici would double the size of an
 * executable. Each built-in module that undici loads at start takes 0.25 to 1 ms.
 */
export const undiciEdits: readonly Edit[] = [
  // The following edits omit files that no module uses.
  {
    file: 'undici/lib/dispatcher/client-h2.js',
    contents: throwWhenCalled(
      'a signature covers the words HTTP/1.1, so HTTP/2 is never offered to a server',
    ),
  },
  {
    // Omits the parser for processors without SIMD. undici tries the SIMD parser first. From
    // Node.js 16.4 on, it works on every arm64 processor and on every x86-64 processor with SSE4.1
    // (2008).
    file: 'undici/lib/llhttp/llhttp-wasm.js',
    contents: throwOnLoad(
      'this processor does not support WebAssembly SIMD, which the HTTP parser needs',
    ),
  },

  {
    // undici's own connector is never called, because src/transport/connect makes all connections.
    file: 'undici/lib/core/connect.js',
    contents: throwWhenCalled('every client is given its own connector'),
  },
  {
    // Redirects are never followed: a signature must not reach another address.
    file: 'undici/lib/interceptor/redirect-interceptor.js',
    contents: () => 'module.exports = () => (dispatch) => dispatch;',
  },
  {
    // Omits the support for request bodies other than text.
    file: 'undici/lib/web/fetch/body.js',
    contents: throwOnLoad('a request body is text'),
  },

  // The following edits replace files with smaller or faster ones.
  {
    // The replacement still checks invariants and throws errors with the same code. Only the
    // message is simpler.
    builtin: 'node:assert',
    unsupported: /\bassert\.\w+\(/,
    contents: () => `
      const assert = (value, message = 'an invariant of undici does not hold') => {
        if (!value) throw Object.assign(new Error(message), { code: 'ERR_ASSERTION' });
      };
      module.exports = assert;`,
  },
  {
    // undici reads only `maxHeaderSize`, the size limit of response headers. The replacement
    // contains Node's default.
    builtin: 'node:http',
    unsupported: /\bhttp\.(?!maxHeaderSize\b)\w+/,
    contents: () => 'exports.maxHeaderSize = 16 * 1024;',
  },
  {
    // Declares channels without subscribers, and omits the code that can print every request to
    // stderr.
    file: 'undici/lib/core/diagnostics.js',
    contents: () => {
      const { channels } = loadExports('core/diagnostics.js', 'channels');
      const names = Object.keys(channels ?? {});
      return `const channel = { hasSubscribers: false };
        exports.channels = { ${names.map((name) => `${name}: channel`).join(', ')} };`;
    },
  },
  {
    // Creates the symbols from their names. A symbol that undici shares with Node.js comes from the
    // global registry of symbols.
    file: 'undici/lib/core/symbols.js',
    contents: () => {
      const symbols = Object.entries<symbol>(require('undici/lib/core/symbols.js'));
      const isShared = ([, symbol]: [string, symbol]) => Symbol.keyFor(symbol) !== undefined;
      const own = symbols.filter((entry) => !isShared(entry)).map(([name]) => name);
      const shared = symbols
        .filter(isShared)
        .map(([name, symbol]) => `exports.${name} = Symbol.for('${Symbol.keyFor(symbol)}');`);
      return `for (const name of '${own.join(' ')}'.split(' ')) exports[name] = Symbol(name);
        ${shared.join('\n')}`;
    },
  },
  {
    // The timers of undici are made for thousands of timeouts. A run has only a few.
    file: 'undici/lib/util/timers.js',
    contents: () => {
      loadExports('util/timers.js', 'setFastTimeout', 'clearTimeout');
      return `exports.setFastTimeout = (...args) => setTimeout(...args);
        exports.clearTimeout = (timer) => clearTimeout(timer);`;
    },
  },
  {
    // The original precomputes the lower case of a hundred header names.
    file: 'undici/lib/core/constants.js',
    contents: () => {
      loadExports('core/constants.js', 'headerNameLowerCasedRecord');
      return 'exports.headerNameLowerCasedRecord = { __proto__: null };';
    },
  },
  {
    file: 'undici/lib/core/tree.js',
    contents: () => {
      loadExports('core/tree.js', 'tree');
      return 'exports.tree = { lookup: () => null };';
    },
  },
  {
    // Declares the error classes in a loop. The original declares more than twenty similar classes.
    file: 'undici/lib/core/errors.js',
    contents: () => {
      const { HTTPParserError, ...errors } = loadExports('core/errors.js', 'HTTPParserError');
      const codes = Object.entries(
        errors as Record<string, new (...of: unknown[]) => ErrorWithCode>,
      ).map(([name, ErrorClass]) => [name, new ErrorClass('', '', {}).code]);
      return `for (const [name, code] of ${JSON.stringify(codes)}) {
          exports[name] = class extends Error {
            name = name;
            code = code;
            constructor(message) { super(message || name); }
          };
        }
        exports.HTTPParserError = class extends Error {
          name = 'HTTPParserError';
          constructor(message, code) {
            super(message);
            this.code = code ? 'HPE_' + code : undefined;
          }
        };`;
    },
  },
  {
    // Keeps only the used constants. Makes the maps from codes to names and from names to codes
    // from one list.
    file: 'undici/lib/llhttp/constants.js',
    contents: () => {
      const { ERROR = {}, TYPE } = loadExports('llhttp/constants.js', 'ERROR', 'TYPE');
      const codes = Object.values(ERROR).filter((code) => typeof code === 'number');
      const names = codes.map((_, code) => (ERROR as Record<number, string>)[code]);
      if (names.some((name) => name === undefined)) {
        throw new Error(
          'The codes of undici/lib/llhttp/constants.js are not consecutive any more.',
        );
      }
      const { RESPONSE } = TYPE as { RESPONSE?: number };
      return `const ERROR = {};
        '${names.join(' ')}'.split(' ').forEach((name, code) => { ERROR[ERROR[name] = code] = name; });
        exports.ERROR = ERROR; exports.TYPE = { RESPONSE: ${RESPONSE} };`;
    },
  },
  {
    // Compresses the WebAssembly parser to about a quarter of its size. Decompressing takes less
    // than 1 ms at every start.
    file: 'undici/lib/llhttp/llhttp_simd-wasm.js',
    contents: () => {
      const parser: Buffer = require('undici/lib/llhttp/llhttp_simd-wasm.js');
      const text = brotliCompressSync(parser).toString('base64');
      return `module.exports = require('node:zlib').brotliDecompressSync(Buffer.from('${text}', 'base64'))`;
    },
  },

  // Side-effect imports that load these modules early for undici. esbuild would drop them.
  { keptImport: 'node:tls', importer: 'src/transport/connect/v8-flags.ts' },
  { keptImport: 'node:zlib', importer: 'src/transport/connect/v8-flags.ts' },
];

interface ErrorWithCode {
  readonly code: string;
}
