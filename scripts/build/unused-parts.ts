import type { Plugin } from 'esbuild';

/**
 * Parts of undici that its connection code refers to and the modules never use, with the reason.
 * Each is replaced by a function that throws, or where the part is read lazily, by a throwing file.
 */
const unusedParts = [
  {
    file: /undici\/lib\/dispatcher\/client-h2\.js$/,
    reason: 'a signature covers the words HTTP/1.1, so HTTP/2 is never offered to a server',
    contents: (message: string) => `module.exports = function () { throw new Error(${message}) }`,
  },
  {
    file: /undici\/lib\/core\/connect\.js$/,
    reason: 'every client is told how to connect',
    contents: (message: string) => `module.exports = function () { throw new Error(${message}) }`,
  },
  {
    file: /undici\/lib\/handler\/redirect-handler\.js$/,
    reason: 'a signature is never sent to another origin, so redirects are refused',
    contents: (message: string) => `module.exports = function () { throw new Error(${message}) }`,
  },
  {
    file: /undici\/lib\/web\/fetch\/body\.js$/,
    reason: 'bodies are JSON text, never FormData, Blob or a web stream',
    contents: (message: string) => `throw new Error(${message})`,
  },
  {
    // The parser for processors without SIMD. The other one is tried first, and from Node.js 16.4
    // on works on every x86-64 processor with SSE4.1 (2008) and on every arm64 one.
    file: /undici\/lib\/llhttp\/llhttp-wasm\.js$/,
    reason: 'this processor cannot run WebAssembly SIMD, which reading HTTP needs',
    contents: (message: string) => `throw new Error(${message})`,
  },
];

/** Leaves the unused parts out of a bundle: they would double its size. */
export const leaveOutUnusedParts: Plugin = {
  name: 'leave-out-unused-parts',
  setup(build) {
    for (const { file, reason, contents } of unusedParts) {
      build.onLoad({ filter: file }, () => ({ contents: contents(JSON.stringify(reason)) }));
    }
  },
};
