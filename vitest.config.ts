import { defineConfig } from 'vitest/config';

/** The directories of tests that run the executables of `npm run build`. */
const EXECUTABLES = ['ansible', 'callers', 'examples', 'faults', 'modules', 'packages'];
const tests = `test/{${EXECUTABLES}}/**/*.test.ts`;

/** Tests with a separate configuration. */
const machines = 'test/machine/**';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Some tests mostly wait, so one worker more than the two cores of a small machine saves time.
    maxWorkers: 3,
    // The developer's proxy must not be used for the tests' loopback servers.
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
