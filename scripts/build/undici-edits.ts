import { createRequire } from 'node:module';
import { brotliCompressSync } from 'node:zlib';
import type { Edit } from './apply-edits.ts';

const require = createRequire(import.meta.url);

/** Returns the exports of a file of undici. Throws if it does not export all `names` any more. */
function exportsOf(file: string, ...names: readonly string[]): Record<string, object> {
  const found = require(`undici/lib/${file}`);
  const missing = names.filter((name) => found[name] === undefined);
  if (missing.length > 0) throw new Error(`undici/lib/${file} has no ${missing.join(' and no ')}`);
  return found;
}

/** Contents for a file that undici imports and no module uses. */
const fails = (reason: string) => () => `throw new Error(${JSON.stringify(reason)})`;
const failsWhenCalled = (reason: string) => () =>
  `module.exports = function () { ${fails(reason)()} }`;

/**
 * The executables' changes to undici, which is written for servers that run for weeks. Its unused
 * code would double their size. Each built-in module that undici loads at start takes 0.25 to 1 ms.
 */
export const undiciEdits: readonly Edit[] = [
  // Unused files.
  {
    file: 'undici/lib/dispatcher/client-h2.js',
    contents: failsWhenCalled(
      'a signature covers the words HTTP/1.1, so HTTP/2 is never offered to a server',
    ),
  },
  {
    // The parser for processors without SIMD. undici tries the SIMD parser first, which works from
    // Node.js 16.4 on, on every x86-64 processor with SSE4.1 (2008) and on every arm64 processor.
    file: 'undici/lib/llhttp/llhttp-wasm.js',
    contents: fails('this processor cannot run WebAssembly SIMD, which reading HTTP needs'),
  },

  {
    // src/transport/connect makes the connections; every client gets its connector.
    file: 'undici/lib/core/connect.js',
    contents: failsWhenCalled('every client is given its own connector'),
  },
  {
    // Redirects are never followed: a signature must not reach another address.
    file: 'undici/lib/interceptor/redirect-interceptor.js',
    contents: () => 'module.exports = () => (dispatch) => dispatch;',
  },
  {
    // Request bodies are text.
    file: 'undici/lib/web/fetch/body.js',
    contents: fails('a request body is text'),
  },

  // Smaller or faster replacements.
  {
    // Invariants are still checked, and fail with the same code; only the message is simpler.
    builtin: 'node:assert',
    unsupported: /\bassert\.\w+\(/,
    contents: () => `
      const assert = (value, message = 'an invariant of undici does not hold') => {
        if (!value) throw Object.assign(new Error(message), { code: 'ERR_ASSERTION' });
      };
      module.exports = assert;`,
  },
  {
    // undici reads only the limit for response headers. The stand-in has Node's default.
    builtin: 'node:http',
    unsupported: /\bhttp\.(?!maxHeaderSize\b)\w+/,
    contents: () => 'exports.maxHeaderSize = 16 * 1024;',
  },
  {
    // Channels without subscribers. The original can also print every request to stderr.
    file: 'undici/lib/core/diagnostics.js',
    contents: () => {
      const { channels } = exportsOf('core/diagnostics.js', 'channels');
      const names = Object.keys(channels ?? {});
      return `const channel = { hasSubscribers: false };
        exports.channels = { ${names.map((name) => `${name}: channel`).join(', ')} };`;
    },
  },
  {
    // The symbols, rebuilt from their names. One of them is shared with Node.
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
    // The original's timers are made for thousands of timeouts; a run has only a few.
    file: 'undici/lib/util/timers.js',
    contents: () => {
      exportsOf('util/timers.js', 'setFastTimeout', 'clearTimeout');
      return `exports.setFastTimeout = (...args) => setTimeout(...args);
        exports.clearTimeout = (timer) => clearTimeout(timer);`;
    },
  },
  {
    // The original precomputes the lower case of a hundred header names.
    file: 'undici/lib/core/constants.js',
    contents: () => {
      exportsOf('core/constants.js', 'headerNameLowerCasedRecord');
      return 'exports.headerNameLowerCasedRecord = { __proto__: null };';
    },
  },
  {
    file: 'undici/lib/core/tree.js',
    contents: () => {
      exportsOf('core/tree.js', 'tree');
      return 'exports.tree = { lookup: () => null };';
    },
  },
  {
    // One loop makes the error classes. The original writes out more than twenty similar ones.
    file: 'undici/lib/core/errors.js',
    contents: () => {
      const { HTTPParserError, ...errors } = exportsOf('core/errors.js', 'HTTPParserError');
      const codes = Object.entries(errors as Record<string, new (...of: unknown[]) => ErrorOf>).map(
        ([name, Kind]) => [name, new Kind('', '', {}).code],
      );
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
    // Only the used constants. One list gives both directions of the mapping.
    file: 'undici/lib/llhttp/constants.js',
    contents: () => {
      const { ERROR = {}, TYPE } = exportsOf('llhttp/constants.js', 'ERROR', 'TYPE');
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
    // The WebAssembly parser, compressed to little more than a quarter of its size. Unpacking takes
    // less than a millisecond at every start.
    file: 'undici/lib/llhttp/llhttp_simd-wasm.js',
    contents: () => {
      const parser: Buffer = require('undici/lib/llhttp/llhttp_simd-wasm.js');
      const text = brotliCompressSync(parser).toString('base64');
      return `module.exports = require('node:zlib').brotliDecompressSync(Buffer.from('${text}', 'base64'))`;
    },
  },

  // Side-effect imports that load these modules early for undici. esbuild would drop them.
  { keep: 'node:tls', in: 'src/transport/connect/v8-flags.ts' },
  { keep: 'node:zlib', in: 'src/transport/connect/v8-flags.ts' },
];

interface ErrorOf {
  readonly code: string;
}
