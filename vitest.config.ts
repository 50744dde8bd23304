import { defineConfig } from 'vitest/config';

/** The directories of tests that run the executables of `npm run build`. */
const EXECUTABLES = ['ansible', 'callers', 'examples', 'faults', 'modules', 'packages'];
const executableTests = `test/{${EXECUTABLES}}/**/*.test.ts`;

/** Tests that boot machines. They have a separate configuration. */
const machineTests = 'test/machine/**';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Some tests mostly wait, so a third worker saves time even on a machine with two cores.
    maxWorkers: 3,
    // The developer's proxy must not be used for the tests' loopback servers.
    env: { HTTPS_PROXY: '', https_proxy: '', NO_PROXY: '', no_proxy: '' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [executableTests, machineTests],
        },
      },
      {
        extends: true,
        test: {
          name: 'executables',
          include: [executableTests],
          globalSetup: ['test/build-once.ts'],
        },
      },
    ],
  },
});
