import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A file without these parts of it. Throws when one of them is not there any more. */
function without(file: string, parts: readonly RegExp[]): string {
  const source = readFileSync(require.resolve(`undici/lib/${file}`), 'utf8');
  if (!parts.every((part) => part.test(source))) {
    throw new Error(`undici/lib/${file} is not built as it was.`);
  }
  return parts.reduce((text, part) => text.replace(part, ''), source);
}

/** What the file says without the functions that send a body piece by piece. */
export function withoutPieces(): string {
  const source = readFileSync(require.resolve('undici/lib/dispatcher/client-h1.js'), 'utf8');
  // A test tool's variable, that of all things would choose the parser that is left out.
  const variable = 'process.env.JEST_WORKER_ID';
  const kinds = /^ {2}if \(util\.isFormDataLike\(body\)\) [\s\S]*?(?=^ {2}if \(body && )/m;
  const [before, streams, buffer, others, after, ...more] = source
    .replace(variable, 'undefined')
    .replace(kinds, '')
    .split(/^(?=(?:async )?function write(?:Stream|Buffer|Blob) |module\.exports)/m);
  const isAsKnown =
    more.length === 0 &&
    source.includes(variable) &&
    kinds.test(source) &&
    streams?.startsWith('function writeStream ') &&
    buffer?.startsWith('function writeBuffer ') &&
    others?.startsWith('async function writeBlob ');
  if (!isAsKnown) throw new Error('client-h1.js of undici is not built as it was.');
  const sendNothing = `throw new Error('a body is sent in one piece')`;
  const names = ['writeStream', 'writeBlob', 'writeIterable'];
  const refusing = names.map((name) => `function ${name}() { ${sendNothing} }`);
  return [before, buffer, ...refusing, after].join('\n');
}

/** What is in the file of tools, and the client itself calls none of. */
const IDLE_TOOLS = [
  'ReadableStreamFrom',
  'addAbortListener',
  'deepClone',
  'headerNameToString',
  'isDisturbed',
  'isErrored',
  'isReadable',
  'isUSVString',
  'parseHeaders',
  'parseRangeHeader',
  'parseRawHeaders',
  'toUSVString',
  'wrapRequestBody',
];

/** The file of tools without those; a bundler cannot tell by itself that nobody asks for them. */
export function withoutIdleTools(): string {
  let source = readFileSync(require.resolve('undici/lib/core/util.js'), 'utf8');
  for (const tool of IDLE_TOOLS) {
    const definition = new RegExp(`^(?:async )?function ${tool} [^]*?^}$`, 'm');
    const exported = new RegExp(`^  ${tool},?$`, 'm');
    const [found = ''] = definition.exec(source) ?? [];
    // One that ends in its first line would take the next with it.
    if (found.match(/^(?:async )?function /gm)?.length !== 1 || !exported.test(source)) {
      throw new Error(`undici/lib/core/util.js has no ${tool} any more, or not as it was.`);
    }
    source = source.replace(definition, '').replace(exported, '');
  }
  return source;
}

/**
 * The client without the checks of its options, which are always the same, and without what it would
 * connect and redirect with.
 */
export function withoutOptionChecks(): string {
  const rest = without('dispatcher/client.js', [
    /^const createRedirectInterceptor = require\(.*\)\n/m,
    /^const buildConnector = require\(.*\)\n/m,
    /^let deprecatedInterceptorWarned = false\n/m,
    /^ {4}if \(keepAlive !== undefined\) [\s\S]*?(?=^ {4}this\[kUrl\] = )/m,
  ]);
  return rest.replace(/^ {4}this\[kUrl\] = /m, '    this[kInterceptors] = []\n$&');
}

/** What all dispatchers have, without what is for web sockets, event sources and interceptors. */
export function withoutOtherProtocols(): string {
  return without('dispatcher/dispatcher-base.js', [
    /^ {4}this\[k(?:WebSocket|EventSource)Options\] = .*\n/m,
    /^ {4}this\[k(?:WebSocket|EventSource)Options\] = .*\n/m,
    /^ {2}get webSocketOptions \(\) [\s\S]*?(?=^ {2}get destroyed \(\))/m,
    /^ {2}get interceptors \(\) [\s\S]*?(?=^ {2}close \(callback\))/m,
  ]);
}

/** What a dispatcher is, without interceptors to put around one. */
export function withoutInterceptors(): string {
  return without('dispatcher/dispatcher.js', [
    /^ {2}compose \(\.\.\.args\) [\s\S]*?^ {2}\}\n/m,
    /^class ComposedDispatcher [\s\S]*?^\}\n/m,
  ]);
}
