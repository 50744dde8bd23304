import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { type CopyMachine, Fleet, type Member } from './fleet.ts';
import type { Machine } from './machine.ts';
import type { ImageOptions } from './machine-image.ts';

export const HOST_UNIT = 'jumpcloud-host.service';
export const REMOVAL_UNIT = 'jumpcloud-removal.service';
/** The directory for the status and the journal of each test, for a person to read. */
export const LOGS = join(projectDirectory, 'dist/machine');

/** Adds a row to the table: a step of a test, and the requests that the step caused. */
type StepReporter = (step: string, of: { requestSummary(): string }) => Promise<void>;

/**
 * Starts one emulated JumpCloud and makes one image for the tests of a file. After the tests,
 * removes both and prints a table of all steps.
 */
export function matrix<M extends Machine>(copy: CopyMachine<M>, options: ImageOptions = {}) {
  let started: Fleet<M> | undefined;
  const rows: { test: string; step: string; requests: string; seconds: number }[] = [];
  beforeAll(async () => {
    await mkdir(LOGS, { recursive: true });
    started = await Fleet.start(copy, options);
  });
  afterAll(async () => {
    await started?.end();
    console.table(rows);
  });
  const fleet = () => {
    if (started === undefined) throw new Error('The fleet exists only while tests run.');
    return started;
  };

  return {
    fleet,
    /**
     * Declares a test that boots machines. The test calls `report` after each step, which adds a
     * row to the table.
     */
    lifecycleTest(
      title: string,
      run: (report: StepReporter) => Promise<void>,
      seconds = 240,
    ): void {
      test.concurrent(title, { timeout: seconds * 1000 }, async () => {
        let since = Date.now();
        await run(async (step, of) => {
          const seconds = Math.round((Date.now() - since) / 100) / 10;
          rows.push({ test: title, step, requests: of.requestSummary(), seconds });
          since = Date.now();
        });
      });
    },
    /** Returns whether JumpCloud has the record of a machine. */
    hasRecord: ({ host }: Member) => fleet().emulator.store.systems.has(host.systemId),
    /** Expects that JumpCloud has everything that the document lists. */
    expectDesiredState({ host }: Member): void {
      const { store } = fleet().emulator;
      expect(store.record(host.systemId)).toMatchObject({
        displayName: 'web-1',
        attributes: [{ name: 'role', value: 'web' }],
      });
      const { groups, edges } = store.snapshot(host.systemId);
      expect({ groups: groups.length, edges: edges.length }).toEqual({ groups: 1, edges: 5 });
    },
  };
}

/** Boots a machine and waits until jumpcloud-host.service has finished. */
export async function bootUntilDesiredState({ machine }: Member, seconds = 60): Promise<void> {
  await machine.boot();
  await machine.waitForState(HOST_UNIT, 'exited', seconds);
}

/** Returns the output of `systemctl status`, and also writes it to a file. */
export async function saveStatus(
  name: string,
  { machine }: Member,
  unit = HOST_UNIT,
): Promise<string> {
  const { stdout } = await machine.run('systemctl', 'status', '--no-pager', '--full', unit);
  await writeFile(join(LOGS, `${name}.status`), `${stdout}\n`);
  return stdout;
}

/** Writes the journals of both units to a file. Returns only the journal of the removal unit. */
export async function saveJournal(name: string, { machine }: Member): Promise<string> {
  const host = await machine.journal(HOST_UNIT);
  const removal = await machine.journal(REMOVAL_UNIT);
  await writeFile(join(LOGS, `${name}.journal`), `${host}\n\n${removal}\n`);
  return removal;
}
