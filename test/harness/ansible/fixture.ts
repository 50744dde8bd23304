import { test as base } from '../emulator-fixture.ts';
import { makeController } from './controller.ts';

/** Tests with an Ansible controller that the tests of a file share, and a `host` of their own that it sees. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: by this pattern vitest sees that no other fixture is needed
  .extend('controller', { scope: 'file' }, async ({}, { onCleanup }) => {
    const controller = await makeController();
    onCleanup(() => controller.remove());
    return controller;
  })
  .extend('host', async ({ controller, emulator }, { onCleanup }) => {
    const host = await controller.enrol(emulator);
    onCleanup(() => host.remove());
    return host;
  });
