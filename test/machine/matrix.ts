import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { type CopyMachine, Fleet, type Member } from './fleet.ts';
import type { Machine } from './machine.ts';
import type { ImageOptions } from './machine-image.ts';

export const HOST = 'jumpcloud-host.service';
export const REMOVAL = 'jumpcloud-removal.service';
/** In what a person would look at, of every row. */
const LOGS = join(projectDirectory, 'dist/machine');

/** Tells what was done with a machine, or with many, in a part of its life. */
type Report = (asked: string, of: { asked(): string }) => Promise<void>;

/**
 * A table of the lives of machines: of one image, with one JumpCloud, both made before the tests of a
 * file and gone after them, when the table is printed.
 */
export function matrix<M extends Machine>(copy: CopyMachine<M>, options: ImageOptions = {}) {
  let started: Fleet<M> | undefined;
  const rows: { row: string; asked: string; seen: string; seconds: number }[] = [];
  beforeAll(async () => {
    await mkdir(LOGS, { recursive: true });
    started = await Fleet.start(copy, options);
  });
  afterAll(async () => {
    await started?.end();
    console.table(rows);
  });
  const fleet = () => {
    if (started === undefined) throw new Error('There is no fleet outside of tests.');
    return started;
  };

  return {
    fleet,
    /** One row of the table: a life of a machine, each part of which is reported. */
    life(row: string, live: (report: Report) => Promise<void>, seconds = 240): void {
      test.concurrent(row, { timeout: seconds * 1000 }, async () => {
        let since = Date.now();
        await live(async (asked, of) => {
          const seconds = Math.round((Date.now() - since) / 100) / 10;
          rows.push({ row, asked, seen: of.asked(), seconds });
          since = Date.now();
        });
      });
    },
    isThere: ({ host }: Member) => fleet().emulator.store.systems.has(host.systemId),
    /** Whether JumpCloud has all of the document. */
    expectDescribed({ host }: Member): void {
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

/** Boots a machine and waits until JumpCloud is as the document says. */
export async function bootDescribed({ machine }: Member, seconds = 60): Promise<void> {
  await machine.boot();
  await machine.until(HOST, 'exited', seconds);
}

/** Puts down what `systemctl status` shows of a unit, and gives it. */
export async function keepStatus(name: string, { machine }: Member, unit = HOST): Promise<string> {
  const { stdout } = await machine.run('systemctl', 'status', '--no-pager', '--full', unit);
  await writeFile(join(LOGS, `${name}.status`), `${stdout}\n`);
  return stdout;
}

/** Puts down what both units have written to the journal, and gives that of the removal. */
export async function keepJournal(name: string, { machine }: Member): Promise<string> {
  const host = await machine.journal(HOST);
  const removal = await machine.journal(REMOVAL);
  await writeFile(join(LOGS, `${name}.journal`), `${host}\n\n${removal}\n`);
  return removal;
}
