import type { EnrolledHost } from '../../emulator/enrol.ts';
import { test as base } from '../emulator-fixture.ts';
import { makeController } from './controller.ts';

/** An enrolled host. Modules that Ansible runs without SSH can read its agent directory. */
export interface ManagedHost extends EnrolledHost {
  /** The options that make a module act as this host. */
  readonly options: { readonly agent_dir: string; readonly api_url: string };
}

/**
 * The `test` of vitest with two fixtures: an Ansible `controller` for each file, and a `host` for
 * each test.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires an object pattern
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

/**
 * Like `test`, but with pipelining, which halves the time of a playbook with many tasks. The tests
 * of single modules and of callers run without pipelining, as Ansible does by default.
 */
export const testWithPipelining = test.extend(
  'controller',
  { scope: 'file' },
  // biome-ignore lint/correctness/noEmptyPattern: this pattern shows vitest that no other fixture is needed
  async ({}, { onCleanup }) => {
    const controller = await makeController({ ANSIBLE_PIPELINING: 'true' });
    onCleanup(() => controller.remove());
    return controller;
  },
);
