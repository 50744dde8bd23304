import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

/**
 * The arguments of a state that the example uses. In the file they are a list of single-key
 * mappings.
 */
interface Arguments {
  readonly name?: string;
  readonly unless?: string;
  readonly serializer?: string;
  readonly dataset?: object;
  readonly require?: readonly Record<string, string>[];
}
type States = Record<string, Record<string, readonly Arguments[]>>;

let emulator: Emulator;
let sandbox: Sandbox;
test.beforeEach(({ emulator: sharedEmulator, sandbox: newSandbox }) => {
  emulator = sharedEmulator;
  sandbox = newSandbox;
});

/**
 * Applies the states in the order of the file and returns their outcomes. No Debian package
 * contains Salt, so this follows its documentation for the parts that the example uses:
 * file.serialize, cmd.run with `unless`, `require`, and test=True.
 */
async function apply({ test = false } = {}): Promise<string[]> {
  const path = await sandbox.place('salt/jumpcloud/init.sls');
  const states: States = parse(await readFile(path, 'utf8'));
  const outcomes: string[] = [];
  const done = new Set<string>();
  for (const [id, functions] of Object.entries(states)) {
    for (const [called, argumentList] of Object.entries(functions)) {
      const args: Arguments = Object.assign({}, ...argumentList);
      const required = (args.require ?? []).flatMap(Object.entries);
      if (!required.every(([kind, name]) => done.has(`${kind} ${name}`))) {
        outcomes.push(`${id} not run`);
        continue;
      }
      if (called === 'file.serialize') {
        expect(args.serializer).toBe('json');
        await mkdir(dirname(id), { recursive: true });
        await writeFile(id, JSON.stringify(args.dataset));
      } else {
        expect(called).toBe('cmd.run');
        const outcome = await commandRun(args, test);
        outcomes.push(`${id} ${outcome}`);
        if (outcome === 'failed') continue;
      }
      done.add(`${called.split('.')[0]} ${id}`);
    }
  }
  return outcomes;
}

async function commandRun({ name = '', unless = '' }: Arguments, test: boolean): Promise<string> {
  const shell = { shell: '/bin/sh', env: sandbox.env, reject: false } as const;
  if ((await execa(unless, shell)).exitCode === 0) return 'unchanged';
  if (test) return 'would change';
  return (await execa(name, shell)).exitCode === 0 ? 'changed' : 'failed';
}

test('the first Salt run configures the host and the second run changes nothing', async () => {
  const { systemId } = sandbox.host;
  expect(await apply()).toEqual(['jumpcloud_host changed']);
  expect(emulator.store.record(systemId)).toMatchObject({
    description: 'Serves the shop',
    attributes: [
      { name: 'role', value: 'web' },
      { name: 'environment', value: 'production' },
    ],
  });
  expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
  expect(sandbox.writes()).toHaveLength(2);

  expect(await apply()).toEqual(['jumpcloud_host unchanged']);
  expect(sandbox.writes()).toEqual([]);
});

test('test=True reports the pending change and writes nothing', async () => {
  expect(await apply({ test: true })).toEqual(['jumpcloud_host would change']);
  expect(sandbox.writes()).toEqual([]);
});

test('a refused request fails the Salt state', async () => {
  emulator.faults.add({ fault: { kind: 'status', status: 403 }, times: 9 });
  expect(await apply()).toEqual(['jumpcloud_host failed']);
  emulator.faults.clear();
  expect(sandbox.writes()).toEqual([]);
});

test.runIf(hasTool('yamllint over the Salt example', 'yamllint'))(
  'yamllint accepts the Salt example',
  async () => {
    await execa('yamllint', ['--strict', join(EXAMPLES, 'salt/jumpcloud/init.sls')]);
  },
);
