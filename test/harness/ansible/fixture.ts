import type { EnrolledHost } from '../../emulator/enrol.ts';
import { test as base } from '../emulator-fixture.ts';
import { makeController } from './controller.ts';

/** A host whose agent's directory is where modules run without SSH. */
export interface ManagedHost extends EnrolledHost {
  /** The options that lead to it. */
  readonly options: { readonly agent_dir: string; readonly api_url: string };
}

/** Tests with an Ansible controller that the tests of a file share, and a `host` of their own that it sees. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: by this pattern vitest sees that no other fixture is needed
  .extend('controller', { scope: 'file' }, async ({}, { onCleanup }) => {
    const controller = await makeController();
    onCleanup(() => controller.remove());
    return controller;
  })
  .extend('host', async ({ controller, emulator }, { onCleanup }): Promise<ManagedHost> => {
    const host = await controller.enrol(emulator);
    onCleanup(() => host.remove());
    return { ...host, options: { agent_dir: host.agentDir, api_url: emulator.url } };
  });
