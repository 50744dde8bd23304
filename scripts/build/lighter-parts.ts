import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * What undici loads at every start and the modules need little of, with what stands in for it. Each
 * of Node's own parts among it takes a quarter to a whole millisecond to load.
 */
const nodeParts: Readonly<Record<string, string>> = {
  // The invariants stay, and fail with the code that a failed one has; only the report is plainer.
  'node:assert': `
    const assert = (value, message = 'an invariant of undici does not hold') => {
      if (!value) throw Object.assign(new Error(message), { code: 'ERR_ASSERTION' });
    };
    module.exports = assert;`,
  // Asked for how large the headers of an answer may be, here as Node has it without any flag.
  'node:http': 'exports.maxHeaderSize = 16 * 1024;',
};

const require = createRequire(import.meta.url);

/** The content of each file of undici that is lighter than the original. */
const undiciParts: Readonly<Record<string, () => string>> = {
  // Channels without subscribers. The original can also print every request on stderr.
  'core/diagnostics.js': () => {
    const { channels } = require('undici/lib/core/diagnostics.js');
    const names = Object.keys(channels);
    return `const channel = { hasSubscribers: false };
      exports.channels = { ${names.map((name) => `${name}: channel`).join(', ')} };`;
  },
  // Without the ways to send a body piece by piece: here a body is one buffer.
  'dispatcher/client-h1.js': () => {
    const source = readFileSync(require.resolve('undici/lib/dispatcher/client-h1.js'), 'utf8');
    const [before, streams, buffer, others, after, ...more] = source.split(
      /^(?=(?:async )?function write(?:Stream|Buffer|Blob) |module\.exports)/m,
    );
    const isAsKnown =
      more.length === 0 &&
      streams?.startsWith('function writeStream ') &&
      buffer?.startsWith('function writeBuffer ') &&
      others?.startsWith('async function writeBlob ');
    if (!isAsKnown) throw new Error('client-h1.js of undici is not built as it was.');
    const sendNothing = `throw new Error('a body is sent in one piece')`;
    const names = ['writeStream', 'writeBlob', 'writeIterable'];
    const refusing = names.map((name) => `function ${name}() { ${sendNothing} }`);
    return [before, buffer, ...refusing, after].join('\n');
  },
  // The symbols by their names alone. One of them is shared with Node.
  'core/symbols.js': () => {
    const symbols = Object.entries<symbol>(require('undici/lib/core/symbols.js'));
    const isShared = ([, symbol]: [string, symbol]) => Symbol.keyFor(symbol) !== undefined;
    const own = symbols.filter((entry) => !isShared(entry)).map(([name]) => name);
    const shared = symbols
      .filter(isShared)
      .map(([name, symbol]) => `exports.${name} = Symbol.for('${Symbol.keyFor(symbol)}');`);
    return `for (const name of '${own.join(' ')}'.split(' ')) exports[name] = Symbol(name);
      ${shared.join('\n')}`;
  },
  // Timers that cost little when there are thousands. Here a run has a few.
  'util/timers.js': () => `exports.setFastTimeout = (...given) => setTimeout(...given);
      exports.clearTimeout = (timer) => clearTimeout(timer);`,
  // The lower case of a hundred header names, so that these need not be computed one by one.
  'core/constants.js': () => 'exports.headerNameLowerCasedRecord = { __proto__: null };',
  'core/tree.js': () => 'exports.tree = { lookup: () => null };',
  // A class for each code, made in one place. The original spells out more than twenty, all alike.
  'core/errors.js': () => {
    const { HTTPParserError, ...errors } = require('undici/lib/core/errors.js');
    const codes = Object.entries<new (...given: unknown[]) => { code: string }>(errors).map(
      ([name, Kind]) => [name, new Kind('', '', {}).code],
    );
    return `for (const [name, code] of ${JSON.stringify(codes)}) {
        exports[name] = class extends Error {
          name = name;
          code = code;
          constructor(message) { super(message || name); }
        };
      }
      exports.${HTTPParserError.name} = class extends Error {
        name = '${HTTPParserError.name}';
        constructor(message, code) {
          super(message);
          this.code = code ? 'HPE_' + code : undefined;
        }
      };`;
  },
  // As data, and only what is used of it: the original builds it step by step.
  'llhttp/constants.js': () => {
    const { ERROR, TYPE } = require('undici/lib/llhttp/constants.js');
    return `exports.ERROR = ${JSON.stringify(ERROR)}; exports.TYPE = ${JSON.stringify(TYPE)};`;
  },
};

/** Puts lighter parts into a bundle, which then starts faster and is smaller. */
export const lighterParts: Plugin = {
  name: 'lighter-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(assert|http)$/ }, async ({ path, importer }) => {
      if (!importer.includes('/undici/')) return null;
      const [call] = /\bassert\.\w+\(/.exec(await readFile(importer, 'utf8')) ?? [];
      if (call !== undefined) return { errors: [{ text: `the stand-in has no ${call}…)` }] };
      return { path, namespace: 'lighter' };
    });
    for (const [part, contents] of Object.entries(nodeParts)) {
      onLoad({ filter: new RegExp(`^${part}$`), namespace: 'lighter' }, () => ({ contents }));
    }
    for (const [file, contents] of Object.entries(undiciParts)) {
      const filter = new RegExp(`/undici/lib/${file.replace('.', '\\.')}$`);
      onLoad({ filter }, () => ({ contents: contents() }));
    }
  },
};
