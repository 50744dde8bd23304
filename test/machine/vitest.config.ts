import { defineConfig } from 'vitest/config';

/** Real systems, booted and powered off: minutes, root and systemd-nspawn, hence no part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/machine/**/*.test.ts'],
    reporters: ['verbose'],
    hookTimeout: 600_000,
    // Each file has JumpCloud at its own port.
    fileParallelism: false,
    // Most of a machine's life is waiting, so more machines than cores go side by side.
    maxConcurrency: 5,
  },
});
