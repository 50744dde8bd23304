import { basename } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Plugin } from 'esbuild';
import { readDocumentation, readSharedDocumentation } from './module-documentation.ts';
import { renderHelp } from './render-help.ts';

/**
 * Lets a module import its documentation, `./<name>.yml`, as a function that returns the text of
 * `--help`. The text is stored compressed, because every task sends it and few runs print it.
 */
export const helpImport: Plugin = {
  name: 'help-import',
  setup(build) {
    build.onLoad({ filter: /\/modules\/[a-z_]+\.yml$/ }, async ({ path }) => {
      const name = basename(path, '.yml');
      const help = renderHelp(await readDocumentation(name), await readSharedDocumentation());
      const text = brotliCompressSync(help).toString('base64');
      return {
        contents: `export default () =>
          require('node:zlib').brotliDecompressSync(Buffer.from('${text}', 'base64')).toString();`,
      };
    });
  },
};
