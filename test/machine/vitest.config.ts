import { defineConfig } from 'vitest/config';

/**
 * Tests that boot real systems. They need root, systemd-nspawn and several minutes, so `npm test`
 * excludes them.
 */
export default defineConfig({
  test: {
    include: ['test/machine/**/*.test.ts'],
    reporters: ['verbose'],
    hookTimeout: 600_000,
    // The emulator of each file listens on port 443.
    fileParallelism: false,
    // Machines mostly wait, so more machines than cores can run at the same time.
    maxConcurrency: 5,
  },
});
