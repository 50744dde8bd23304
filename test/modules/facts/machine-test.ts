import { test as base } from 'vitest';
import { CloudMachine } from './cloud-machine.ts';

/** Tests that share one `machine` in a file. They are skipped if this system cannot start a machine. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern that no other fixture is needed
  .extend('started', { scope: 'file' }, async ({}, { onCleanup }) => {
    const machine = new CloudMachine();
    onCleanup(() => machine.close());
    return { machine, isRunning: await machine.start() };
  })
  .extend('machine', ({ started, skip }) => {
    if (!started.isRunning) skip('this machine does not allow network and mount namespaces');
    return started.machine;
  });
