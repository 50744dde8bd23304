import { chmod } from 'node:fs/promises';
import { build, type Plugin } from 'esbuild';
import { applyEdits } from '../build/apply-edits.ts';
import { helpImport } from '../build/help-import.ts';
import { projectDirectory } from '../build/project-directory.ts';
import { requiredNode } from '../build/required-node.ts';

/** Imports the whole packages zod and undici through their main entry points. */
const wholeImportsPlugin: Plugin = {
  name: 'whole-imports',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^zod\/mini$/ }, (args) => ({
      path: `${projectDirectory}/node_modules/zod/index.js`,
      pluginData: args,
    }));
    const filter = /^undici\/lib\/dispatcher\/client\.js$/;
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'undici-whole' }));
    onLoad({ filter: /.*/, namespace: 'undici-whole' }, () => ({
      contents: `export { Client as default } from 'undici';`,
      resolveDir: projectDirectory,
    }));
  },
};

/** Removes our V8 flags, which a naive bundle would not set. */
const removeFlagsPlugin = applyEdits('without-flags', [
  {
    file: 'src/transport/connect/v8-flags.ts',
    contents: () => `export const setV8Flag = () => {};
      export const requireV8Flags = () => {};
      export const loadTlsAndSetV8Flags = () => import('node:tls');`,
  },
]);

/** Bundles jumpcloud_system with whole packages, with or without our V8 flags. */
export async function writeNaiveBundle(file: string, hasFlags: boolean): Promise<void> {
  await build({
    absWorkingDir: projectDirectory,
    entryPoints: ['modules/jumpcloud_system.ts'],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: `node${requiredNode}`,
    banner: { js: '#!/usr/bin/env node' },
    plugins: [helpImport, wholeImportsPlugin, ...(hasFlags ? [] : [removeFlagsPlugin])],
    logLevel: 'error',
  });
  await chmod(file, 0o755);
}
