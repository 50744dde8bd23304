import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

/** Debian's Jinja and PyYAML are installed for this Python, which need not be the first on PATH. */
const PYTHON = '/usr/bin/python3';
const ID = 'This minion in JumpCloud';

interface StateReturn {
  readonly result: boolean | null;
  readonly comment: string;
  readonly changes: Record<string, { old: unknown; new: unknown }>;
}

describe.runIf(hasTool('the Salt example', PYTHON))('the Salt states', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  let states: string;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    states = await sandbox.place('salt/_states/jumpcloud.py');
    await sandbox.place('salt/jumpcloud/init.sls');
  });

  /** Reads the example's pillar. */
  const pillar = async () => {
    const text = await readFile(join(EXAMPLES, 'salt/pillar/jumpcloud.sls'), 'utf8');
    return parse(text) as { jumpcloud: { document: Record<string, unknown> } };
  };
  /** Runs the states of the example with salt.py, which replaces Salt. */
  const apply = async ({ test = false, document = {}, sls = '' } = {}) => {
    if (sls !== '') await sandbox.write('/ansible-examples/salt/jumpcloud/init.sls', sls);
    const example = (await pillar()).jumpcloud.document;
    const call = {
      sls: sandbox.path('/ansible-examples/salt/jumpcloud/init.sls'),
      states,
      test,
      pillar: { jumpcloud: { document: { ...example, ...document } } },
    };
    const script = new URL('salt.py', import.meta.url).pathname;
    const { stdout } = await execa(PYTHON, [script, JSON.stringify(call)], { env: sandbox.env });
    const { 'jumpcloud-system-context': _, ...returns } = JSON.parse(stdout);
    return returns as Record<string, StateReturn>;
  };

  test('the first run configures the host and the second run changes nothing', async () => {
    const { systemId } = sandbox.host;
    const first = await apply();
    expect(first[ID]).toMatchObject({
      result: true,
      changes: { system: { new: { description: 'Serves the shop' } }, groups: { old: [] } },
    });
    expect(emulator.store.record(systemId)).toMatchObject({
      description: 'Serves the shop',
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'environment', value: 'production' },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(sandbox.writes()).toHaveLength(2);

    expect((await apply())[ID]).toMatchObject({ result: true, changes: {} });
    expect(sandbox.writes()).toEqual([]);
  });

  test('after an edit of the pillar, test=True shows the old and the new value', async () => {
    await apply();
    sandbox.writes();
    const edited = await apply({ test: true, document: { system: { description: 'Serves tea' } } });
    expect(edited[ID]).toEqual({
      name: ID,
      result: null,
      comment: 'Would change system: description.',
      changes: {
        system: { old: { description: 'Serves the shop' }, new: { description: 'Serves tea' } },
      },
    });
    expect(sandbox.writes()).toEqual([]);
    await rm(sandbox.path('/usr/bin/jumpcloud_host'));
    expect((await apply({ test: true }))[ID]).toMatchObject({ result: null, changes: {} });
    expect((await apply())[ID]).toMatchObject({ result: false });
  });

  test('a refused change and a misspelt option fail the state, in test mode too', async () => {
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      times: 9,
      when: ({ url }) => url.includes('/members'),
    });
    const document = { system: undefined, users: [IDS.guest] };
    const refused = (await apply({ document }))[ID];
    emulator.faults.clear();
    expect(refused).toMatchObject({ result: false, changes: { users: { added: [IDS.guest] } } });
    expect(refused?.comment).toContain('403');
    sandbox.writes();
    const misspelt = await apply({ test: true, document: { grups: [IDS.web] } });
    expect(misspelt[ID]).toMatchObject({ result: false });
    expect(misspelt[ID]?.comment).toContain('did you mean groups?');
    expect(sandbox.writes()).toEqual([]);
  });

  test('two states can each add a group, and a third removes the record', async () => {
    const add = (group: string) => `{jumpcloud.host: [{document: {groups: ['${group}']}}]}`;
    const sls = `{shop: ${add(IDS.web)}, monitoring: ${add(IDS.monitored)}}`;
    const changed = { result: true, changes: { groups: {} } };
    expect(await apply({ sls })).toMatchObject({ shop: changed, monitoring: changed });
    const { systemId } = sandbox.host;
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web, IDS.monitored]);
    const removal = '{retired: {jumpcloud.removed: []}}';
    expect(await apply({ sls: removal, test: true })).toMatchObject({
      retired: { result: null, changes: { present: { old: [{ type: 'system' }], new: [] } } },
    });
    expect(await apply({ sls: removal })).toMatchObject({ retired: { result: true } });
    expect(emulator.store.systems.has(systemId)).toBe(false);
  });

  test('options go through standard input, and a run waits only once for the agent', async () => {
    const real = sandbox.path('/usr/bin/jumpcloud_host.real');
    await rename(sandbox.path('/usr/bin/jumpcloud_host'), real);
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `echo "$*" >>'${sandbox.path('/calls')}'`,
      `exec '${real}' "$@"`,
    );
    await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
    expect((await apply({ document: { registration_timeout: 0.3 } }))[ID]).toMatchObject({
      result: false,
      changes: {},
    });
    expect(await readFile(sandbox.path('/calls'), 'utf8')).toBe('--json --diff -\n');
  });
});

test.runIf(hasTool('yamllint over the Salt example', 'yamllint'))(
  'yamllint accepts the pillar of the Salt example',
  async () => {
    await execa('yamllint', ['--strict', join(EXAMPLES, 'salt/pillar/jumpcloud.sls')]);
  },
);
