import { defineConfig } from 'vitest/config';

/** The folders whose tests run what `npm run build` has built. */
const EXECUTABLES = ['ansible', 'callers', 'examples', 'faults', 'modules', 'packages'];
const tests = `test/{${EXECUTABLES}}/**/*.test.ts`;

/** Has a configuration of its own. */
const machines = 'test/machine/**';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The executables are processes of their own, so more workers than cores only queue.
    maxWorkers: 2,
    // A proxy of the developer's must not stand between the tests and their loopback servers.
    env: { HTTPS_PROXY: '', https_proxy: '', NO_PROXY: '', no_proxy: '' },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [tests, machines] },
      },
      {
        extends: true,
        test: { name: 'executables', include: [tests], globalSetup: ['test/build-once.ts'] },
      },
    ],
  },
});
