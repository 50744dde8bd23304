import { test as base } from 'vitest';
import { CloudMachine } from './cloud-machine.ts';

/** Tests with a `machine` that the tests of a file share. Skipped if this system cannot make one. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: by this pattern vitest sees that no other fixture is needed
  .extend('started', { scope: 'file' }, async ({}, { onCleanup }) => {
    const machine = new CloudMachine();
    onCleanup(() => machine.close());
    return { machine, isRunning: await machine.start() };
  })
  .extend('machine', ({ started, skip }) => {
    if (!started.isRunning) skip('this machine lets no test have a network and mounts of its own');
    return started.machine;
  });
