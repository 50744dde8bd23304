import { test as base } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import type { EnrolledHost } from '../emulator/enrol.ts';

/** Starts an emulator with options of its own; it is closed when the file is over. */
export type StartWith = (options?: EmulatorOptions) => Promise<Emulator>;

/**
 * Tests with an emulator that the tests of a file share: `emulator`, or with options of its own
 * `startWith(options)`. All emulators are closed and the directories of their hosts removed when
 * the file is over.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: by this pattern vitest sees that no other fixture is needed
  .extend('startWith', { scope: 'file' }, async ({}, { onCleanup }) => {
    const started: { readonly emulator: Emulator; readonly hosts: EnrolledHost[] }[] = [];
    onCleanup(async () => {
      for (const { emulator, hosts } of started) {
        await emulator.close();
        for (const host of hosts) await host.remove();
      }
    });
    const startWith: StartWith = async (options) => {
      const emulator = await startEmulator(options);
      const hosts: EnrolledHost[] = [];
      started.push({ emulator, hosts });
      const enrol: Emulator['enrol'] = async (desired) => {
        const host = await emulator.enrol(desired);
        if (desired?.agentDir === undefined) hosts.push(host);
        return host;
      };
      return { ...emulator, enrol };
    };
    return startWith;
  })
  .extend('emulator', { scope: 'file' }, ({ startWith }) => startWith());
