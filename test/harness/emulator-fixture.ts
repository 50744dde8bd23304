import { test as base } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import type { EnrolledHost } from '../emulator/enrol.ts';

/** Starts a separate emulator with the given options. It is closed after the file's tests. */
export type StartEmulator = (options?: EmulatorOptions) => Promise<Emulator>;

/**
 * The `test` of vitest with two fixtures: an `emulator` that the tests of a file share, and
 * `startWith`, which starts a separate emulator. After the tests of the file, all emulators are
 * closed, and the directories of their hosts are removed.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires an object pattern
  .extend('startWith', { scope: 'file' }, async ({}, { onCleanup }) => {
    const started: { readonly emulator: Emulator; readonly hosts: EnrolledHost[] }[] = [];
    onCleanup(async () => {
      for (const { emulator, hosts } of started) {
        await emulator.close();
        for (const host of hosts) await host.remove();
      }
    });
    const startWith: StartEmulator = async (options) => {
      const emulator = await startEmulator(options);
      const hosts: EnrolledHost[] = [];
      started.push({ emulator, hosts });
      const enrol: Emulator['enrol'] = async (options) => {
        const host = await emulator.enrol(options);
        if (options?.agentDir === undefined) hosts.push(host);
        return host;
      };
      return { ...emulator, enrol };
    };
    return startWith;
  })
  .extend('emulator', { scope: 'file' }, ({ startWith }) => startWith());
