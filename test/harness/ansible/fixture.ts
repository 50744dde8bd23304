import type { EnrolledHost } from '../../emulator/enrol.ts';
import { test as base } from '../emulator-fixture.ts';
import { makeController } from './controller.ts';

/** A host whose agent directory modules can read when they run without SSH. */
export interface ManagedHost extends EnrolledHost {
  /** The options that make a module act as this host. */
  readonly options: { readonly agent_dir: string; readonly api_url: string };
}

/** Tests with an Ansible `controller` that a file shares, and a new `host` for each test. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: this pattern shows vitest that no other fixture is needed
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
