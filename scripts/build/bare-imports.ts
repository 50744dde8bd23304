import type { Plugin } from 'esbuild';

/** Keeps an `import 'node:…'` without a name: esbuild takes it for useless, but it loads a part. */
export const bareImports: Plugin = {
  name: 'bare-imports',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, importer }) =>
      importer.endsWith('/src/transport/short-run.ts')
        ? { path, external: true, sideEffects: true }
        : null,
    );
  },
};
