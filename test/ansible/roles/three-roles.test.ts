import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator } from '../../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../../harness/ansible/controller.ts';
import { test } from '../../harness/ansible/fixture.ts';
import { canPack, Packed, runtimeDescription } from '../../packages/packed.ts';
import { type BareMachine, bareSuite, hasBareMachine, startBareMachine } from './bare-machine.ts';
import { type Kickstart, startKickstart } from './kickstart.ts';
import { watchFiles, watchProcesses } from './watch.ts';

const FQCN = 'systemcontext.jumpcloud';
const KEY = 'a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8i9J0';

interface RunResult {
  readonly recap: object | undefined;
  readonly output: string;
  readonly seconds: string;
}

const canRun = hasAnsible && canPack.deb && (await hasBareMachine());

describe.runIf(canRun)('a play of the roles runtime, agent and host', { timeout: 400_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let kickstart: Kickstart;
  let machine: BareMachine;
  let packed: Packed;
  let run: (flags?: readonly string[]) => Promise<RunResult>;
  let group: string;
  let user: string;

  test.beforeAll(async ({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
    packed = await Packed.make();
    const description = await runtimeDescription('x64');
    if (description === undefined) throw new Error('the Node.js to pack could not be fetched');
    const deb = await packed.deb(description);
    machine = await startBareMachine(controller);
    // A path inside the bare machine, not on the host that runs the tests.
    const agent = { emulator, agentDir: '/opt/jc', connectKey: KEY, delay: 2 };
    kickstart = await startKickstart(agent);
    group = emulator.store.addNamed('system_group', 'web');
    user = emulator.store.addNamed('user', 'ada');

    const vars = {
      ...machine.vars,
      jumpcloud_runtime_distribution: false,
      jumpcloud_runtime_package: await controller.copy(deb),
      jumpcloud_runtime_checksum: createHash('sha256')
        .update(await readFile(deb))
        .digest('hex'),
      jumpcloud_agent_connect_key: KEY,
      jumpcloud_agent_kickstart_url: kickstart.url,
      jumpcloud_host_system: { display_name: '{{ inventory_hostname }}' },
      jumpcloud_host_groups: ['web'],
      jumpcloud_host_users: [{ id: 'ada', sudo: true }],
    };
    const inventory = await controller.put(
      'three/hosts.yml',
      stringify({ all: { hosts: { bare: vars } } }),
    );
    const play = {
      hosts: 'bare',
      gather_facts: false,
      module_defaults: {
        [`group/${FQCN}.all`]: { api_url: emulator.url },
        [`${FQCN}.jumpcloud_names`]: { api_url: emulator.url },
      },
      roles: ['runtime', 'agent', 'host'].map((role) => `${FQCN}.${role}`),
    };
    const playbook = await controller.put('three/play.yml', stringify([play]));
    const env = { JUMPCLOUD_API_KEY: emulator.store.addApiKey() };
    run = async (flags = []) => {
      const start = performance.now();
      const result = await controller.playbook(playbook, {
        flags: ['-i', inventory, ...flags],
        env,
      });
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      return { recap: result.recaps['bare'], output: result.output, seconds };
    };
  }, 180_000);
  afterAll(async () => {
    await machine?.close();
    await kickstart?.close();
    await packed?.remove();
  });

  test('a bare machine reaches its desired state, and a second run changes nothing', async () => {
    const before = await run(['--check']);
    expect(before.recap, before.output).toMatchObject({ changed: 3, failed: 0 });
    expect(kickstart.receivedKeys).toEqual([]);

    const temporary = ['dev/shm', 'root', 'run', 'tmp', 'var/tmp'];
    const directories = temporary.map((name) => join(machine.root, name));
    const watches = [watchProcesses(KEY), watchFiles(directories, KEY)];
    const first = await run(['-vvvv', '--diff']);
    const seen = await Promise.all(watches.map((watch) => watch.stop()));
    expect(seen).toEqual([[], []]);
    expect(first.recap, first.output).toMatchObject({ changed: 3, failed: 0, unreachable: 0 });
    expect(first.output).not.toContain(KEY);
    const [system] = [...emulator.store.systems.keys()];
    if (system === undefined) throw new Error('no system was enrolled');
    expect(emulator.store.record(system).displayName).toBe('bare');
    expect(emulator.store.groupsOf(system)).toEqual([group]);
    expect(emulator.store.hasEdge(system, 'user', user)).toBe(true);

    const second = await run();
    expect(second.recap, second.output).toMatchObject({ changed: 0, failed: 0 });
    const check = await run(['--check']);
    expect(check.recap, check.output).toMatchObject({ changed: 0, failed: 0 });
    expect(kickstart.receivedKeys).toEqual([KEY]);
    console.log(
      `Three roles on a bare ${bareSuite}: ${first.seconds} s, second run: ${second.seconds} s.`,
    );
  });
});
