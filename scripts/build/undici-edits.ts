import { createRequire } from 'node:module';
import { brotliCompressSync } from 'node:zlib';
import type { Edit } from './apply-edits.ts';

const require = createRequire(import.meta.url);

/** What a file of undici exports; throws for a name that it does not export any more. */
function exportsOf(file: string, ...names: readonly string[]): Record<string, object> {
  const found = require(`undici/lib/${file}`);
  const missing = names.filter((name) => found[name] === undefined);
  if (missing.length > 0) throw new Error(`undici/lib/${file} has no ${missing.join(' and no ')}`);
  return found;
}

/** A part that undici refers to and that no module ever uses. */
const fails = (reason: string) => () => `throw new Error(${JSON.stringify(reason)})`;
const failsWhenCalled = (reason: string) => () =>
  `module.exports = function () { ${fails(reason)()} }`;

/**
 * All that the executables change about undici, which is written for servers that run for weeks: what
 * is never used would double their size, and each of Node's own parts that is loaded at every start
 * takes a quarter to a whole millisecond.
 */
export const undiciEdits: readonly Edit[] = [
  // Never used.
  {
    file: 'undici/lib/dispatcher/client-h2.js',
    contents: failsWhenCalled(
      'a signature covers the words HTTP/1.1, so HTTP/2 is never offered to a server',
    ),
  },
  {
    // The parser for processors without SIMD. The other one is tried first, and from Node.js 16.4
    // on works on every x86-64 processor with SSE4.1 (2008) and on every arm64 one.
    file: 'undici/lib/llhttp/llhttp-wasm.js',
    contents: fails('this processor cannot run WebAssembly SIMD, which reading HTTP needs'),
  },

  {
    // Connections are made by src/transport/connect, which every client is given.
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

  // Lighter than the original.
  {
    // The invariants stay, and fail with the code that a failed one has; only the report is plainer.
    part: 'node:assert',
    lacks: /\bassert\.\w+\(/,
    contents: () => `
      const assert = (value, message = 'an invariant of undici does not hold') => {
        if (!value) throw Object.assign(new Error(message), { code: 'ERR_ASSERTION' });
      };
      module.exports = assert;`,
  },
  {
    // Asked for how large the headers of an answer may be, here as Node has it without any flag.
    part: 'node:http',
    lacks: /\bhttp\.(?!maxHeaderSize\b)\w+/,
    contents: () => 'exports.maxHeaderSize = 16 * 1024;',
  },
  {
    // Channels without subscribers. The original can also print every request on stderr.
    file: 'undici/lib/core/diagnostics.js',
    contents: () => {
      const { channels } = exportsOf('core/diagnostics.js', 'channels');
      const names = Object.keys(channels ?? {});
      return `const channel = { hasSubscribers: false };
        exports.channels = { ${names.map((name) => `${name}: channel`).join(', ')} };`;
    },
  },
  {
    // The symbols by their names alone. One of them is shared with Node.
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
    // Timers that cost little when there are thousands. Here a run has a few.
    file: 'undici/lib/util/timers.js',
    contents: () => {
      exportsOf('util/timers.js', 'setFastTimeout', 'clearTimeout');
      return `exports.setFastTimeout = (...given) => setTimeout(...given);
        exports.clearTimeout = (timer) => clearTimeout(timer);`;
    },
  },
  {
    // The lower case of a hundred header names, so that these need not be computed one by one.
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
    // A class for each code, made in one place. The original spells out more than twenty, all alike.
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
    // Only what is used of it, and its two directions from one list: the original spells out both.
    file: 'undici/lib/llhttp/constants.js',
    contents: () => {
      const { ERROR = {}, TYPE } = exportsOf('llhttp/constants.js', 'ERROR', 'TYPE');
      const codes = Object.values(ERROR).filter((code) => typeof code === 'number');
      const names = codes.map((_, code) => (ERROR as Record<number, string>)[code]);
      if (names.some((name) => name === undefined)) {
        throw new Error('The codes of undici/lib/llhttp/constants.js are not in a row any more.');
      }
      const { RESPONSE } = TYPE as { RESPONSE?: number };
      return `const ERROR = {};
        '${names.join(' ')}'.split(' ').forEach((name, code) => { ERROR[ERROR[name] = code] = name; });
        exports.ERROR = ERROR; exports.TYPE = { RESPONSE: ${RESPONSE} };`;
    },
  },
  {
    // The WebAssembly parser compressed: little more than a quarter of the size, for less than a
    // millisecond at every start.
    file: 'undici/lib/llhttp/llhttp_simd-wasm.js',
    contents: () => {
      const parser: Buffer = require('undici/lib/llhttp/llhttp_simd-wasm.js');
      const text = brotliCompressSync(parser).toString('base64');
      return `module.exports = require('node:zlib').brotliDecompressSync(Buffer.from('${text}', 'base64'))`;
    },
  },

  // Loaded early, for undici, by an import without a name: esbuild takes that for useless.
  { keep: 'node:tls', in: 'src/transport/connect/v8-flags.ts' },
  { keep: 'node:zlib', in: 'src/transport/connect/v8-flags.ts' },
];

interface ErrorOf {
  readonly code: string;
}
