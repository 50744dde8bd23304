import { createRequire } from 'node:module';
import { brotliCompressSync } from 'node:zlib';
import type { Plugin } from 'esbuild';

/**
 * Stores undici's WebAssembly parser compressed: little more than a quarter of the size,
 * for less than a millisecond at start-up. What the module exports stays the same.
 */
export const compressParser: Plugin = {
  name: 'compress-parser',
  setup(build) {
    build.onLoad({ filter: /undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/ }, ({ path }) => {
      const parser: Buffer = createRequire(import.meta.url)(path);
      const text = brotliCompressSync(parser).toString('base64');
      return {
        contents: `module.exports = require('node:zlib').brotliDecompressSync(Buffer.from('${text}', 'base64'))`,
      };
    });
  },
};
