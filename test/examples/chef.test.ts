import { execa } from 'execa';
import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { IDS, type Sandbox, test } from './sandbox.ts';

const COOKBOOK = [
  'chef/jumpcloud/metadata.rb',
  'chef/jumpcloud/resources/keep.rb',
  'chef/jumpcloud/recipes/default.rb',
];

describe.runIf(hasTool('the Chef example', 'ruby'))('the Chef cookbook', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  test.beforeEach(({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
  });

  /** Converges the recipe with chef.rb, which replaces Chef. */
  const converge = async (...flags: string[]) => {
    for (const file of COOKBOOK) await sandbox.place(file);
    const replacement = new URL('chef.rb', import.meta.url).pathname;
    const cookbook = sandbox.path('/ansible-examples/chef/jumpcloud');
    return execa('ruby', [replacement, cookbook, ...flags], { env: sandbox.env, reject: false });
  };

  test.each(COOKBOOK)('ruby -wc accepts %s without a warning', async (file) => {
    const { stdout, stderr } = await execa('ruby', ['-wc', await sandbox.place(file)]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Syntax OK', stderr: '' });
  });

  const all = ['keep jumpcloud_host'];

  test('the first run configures the host and the second run changes nothing', async () => {
    const { systemId } = sandbox.host;
    const first = await converge();
    expect(first.stderr).toBe('');
    expect(JSON.parse(first.stdout)).toMatchObject({ ran: all, up_to_date: [] });
    expect(emulator.store.record(systemId)).toMatchObject({
      displayName: 'web-1',
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'environment', value: 'production' },
        { name: 'owner', value: "the shop's team" },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
    expect(sandbox.writes()).toHaveLength(3);

    const second = await converge();
    expect(JSON.parse(second.stdout)).toMatchObject({ ran: [], up_to_date: all });
    expect(sandbox.writes()).toEqual([]);
  });

  test('--why-run reports the pending change and writes nothing', async () => {
    expect(JSON.parse((await converge('--why-run')).stdout)).toMatchObject({ would_run: all });
    expect(sandbox.writes()).toEqual([]);
  });

  test('a refused request aborts the run and prints the error code', async () => {
    emulator.faults.add({ fault: { kind: 'status', status: 403 }, times: 9 });
    const { exitCode, stderr } = await converge();
    emulator.faults.clear();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('execute[keep jumpcloud_host] exited with 1');
    expect(stderr).toContain('"code":"rejected"');
    expect(sandbox.writes()).toEqual([]);
  });
});
