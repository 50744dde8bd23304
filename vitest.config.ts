import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The executables are processes of their own, so more workers than cores only queue.
    maxWorkers: 2,
    // A proxy of the developer's must not stand between the tests and their loopback servers.
    env: { HTTPS_PROXY: '', https_proxy: '', NO_PROXY: '', no_proxy: '' },
  },
});
