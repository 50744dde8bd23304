import { test as base } from 'vitest';
import { CloudMachine } from './cloud-machine.ts';

/**
 * The `test` of vitest with the fixture `machine`, which the tests of a file share. Skips tests if
 * this system cannot start a machine.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires an object pattern
  .extend('started', { scope: 'file' }, async ({}, { onCleanup }) => {
    const machine = new CloudMachine();
    onCleanup(() => machine.close());
    return { machine, isRunning: await machine.start() };
  })
  .extend('machine', ({ started, skip }) => {
    if (!started.isRunning) skip('this machine does not allow network and mount namespaces');
    return started.machine;
  });
