import { basename } from 'node:path';
import type { Plugin } from 'esbuild';
import { readDocumentation, readSharedDocumentation } from './module-documentation.ts';
import { renderHelp } from './render-help.ts';

/** Lets a module import its documentation, `./<name>.yml`, as the text of `--help`. */
export const helpImport: Plugin = {
  name: 'help-import',
  setup(build) {
    build.onLoad({ filter: /\/modules\/[a-z_]+\.yml$/ }, async ({ path }) => ({
      contents: renderHelp(
        await readDocumentation(basename(path, '.yml')),
        await readSharedDocumentation(),
      ),
      loader: 'text',
    }));
  },
};
