import type { Plugin } from 'esbuild';

/** Keeps `import 'node:…'` without a name: esbuild takes it for useless, and it loads that part. */
export const bareImports: Plugin = {
  name: 'bare-imports',
  setup(build) {
    build.onResolve({ filter: /^node:(dns|zlib)$/ }, ({ path }) => ({
      path,
      external: true,
      sideEffects: true,
    }));
  },
};
