import { execa } from 'execa';
import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { IDS, type Sandbox, test } from './sandbox.ts';

/** Exit codes of `puppet apply --detailed-exitcodes`. */
const UNCHANGED = 0;
const CHANGED = 2;
const FAILED = 4;

/** The facts, given because Facter would query the network for the metadata of a cloud. */
const FACTS = `--- !ruby/object:Puppet::Node::Facts
name: web-1
values:
  networking:
    hostname: web-1
`;

describe.runIf(hasTool('the Puppet example', 'puppet'))('puppet apply', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    await sandbox.write('/puppet/vardir/client_yaml/facts/web-1.yaml', FACTS);
  });

  /** Runs puppet apply, which reads and writes only files in the sandbox. */
  const apply = async (...flags: string[]) => {
    await sandbox.place('puppet/modules/jumpcloud/manifests/keep.pp');
    const manifest = await sandbox.place('puppet/site.pp');
    const directoryFlags = ['confdir', 'vardir', 'codedir', 'logdir', 'rundir'].flatMap((name) => [
      `--${name}`,
      sandbox.path(`/puppet/${name}`),
    ]);
    return execa(
      'puppet',
      [
        'apply',
        '--modulepath',
        sandbox.path('/ansible-examples/puppet/modules'),
        '--detailed-exitcodes',
        '--color=false',
        '--certname=web-1',
        '--facts_terminus=yaml',
        ...directoryFlags,
        ...flags,
        manifest,
      ],
      { env: sandbox.env, reject: false, all: true },
    );
  };

  test('the first run configures the host and the second run changes nothing', {
    timeout: 60_000,
  }, async () => {
    const { systemId } = sandbox.host;
    const first = await apply();
    expect(first.exitCode, first.all).toBe(CHANGED);
    expect(first.all.match(/executed successfully/g)).toHaveLength(1);
    const { displayName, attributes } = emulator.store.record(systemId);
    expect(displayName).toBe('web-1');
    expect(attributes).toContainEqual({ name: 'owner', value: "the shop's team" });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(emulator.store.edgesOf(systemId, 'user')).toEqual([
      [IDS.admin, { sudo: { enabled: true, withoutPassword: false } }],
    ]);
    expect(sandbox.writes()).toHaveLength(3);

    const second = await apply();
    expect(second.exitCode, second.all).toBe(UNCHANGED);
    expect(second.all).not.toContain('executed successfully');
    expect(sandbox.writes()).toEqual([]);
  });

  test('--noop reports the pending change and writes nothing', { timeout: 60_000 }, async () => {
    const { all } = await apply('--noop');
    expect(all.match(/should be \[?'?0'?.*\(noop\)/g), all).toHaveLength(1);
    expect(sandbox.writes()).toEqual([]);
  });

  test('a refused request fails the resource and prints the error code', {
    timeout: 60_000,
  }, async () => {
    emulator.faults.add({ fault: { kind: 'status', status: 403 }, times: 9 });
    const { exitCode, all } = await apply();
    emulator.faults.clear();
    expect(exitCode, all).toBe(FAILED);
    expect(all).toContain('"code":"rejected"');
    expect(sandbox.writes()).toEqual([]);
  });
});
