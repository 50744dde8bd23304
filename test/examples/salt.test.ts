import { chmod, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import type { Emulator } from '../emulator/emulator.ts';
import { addDynamicGroup } from '../emulator/sample-objects.ts';
import { hasPrograms } from './has-programs.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

/** The Python for which Debian installs Jinja and PyYAML. PATH may list another Python first. */
const PYTHON = '/usr/bin/python3';
const ID = 'This minion in JumpCloud';
/** A proxy with a password, which no output may contain. */
const PROXY = 'http://salt:hunter2@127.0.0.1:9';

interface StateReturn {
  readonly result: boolean | null;
  readonly comment: string;
  readonly changes: Record<string, unknown>;
}

/** The options of `apply`. The example's document, pillar and state file are the defaults. */
interface Call {
  readonly test?: boolean;
  /** Options that replace those of the example's document. */
  readonly document?: Record<string, unknown>;
  readonly pillar?: Record<string, unknown>;
  /** The text of a state file that replaces the example's. */
  readonly sls?: string;
  readonly env?: Record<string, string>;
}

describe.runIf(hasPrograms('the Salt example', PYTHON))('the Salt states', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  let states: string;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    states = await sandbox.place('salt/states/_states/jumpcloud.py');
    await sandbox.place('salt/states/jumpcloud/init.sls');
    await sandbox.place('salt/states/jumpcloud/repo.sls');
  });

  /** Reads the example's pillar. */
  const examplePillar = async () => {
    const text = await readFile(join(EXAMPLES, 'salt/pillar/jumpcloud.sls'), 'utf8');
    return parse(text) as { jumpcloud: { document: Record<string, unknown> } };
  };
  /** Runs a state file with salt.py, which replaces Salt. */
  const run = async (file: string, call: Record<string, unknown>, env = {}) => {
    const sls = sandbox.path(`/ansible-examples/salt/states/jumpcloud/${file}`);
    const script = new URL('salt.py', import.meta.url).pathname;
    const words = [script, JSON.stringify({ test: false, grains: {}, sls, states, ...call })];
    const { stdout } = await execa(PYTHON, words, { env: { ...sandbox.env, ...env } });
    return JSON.parse(stdout) as { rendered: string; returns: Record<string, StateReturn> };
  };
  /** Runs the states of the example. */
  const apply = async ({ test = false, document = {}, pillar, sls, env }: Call = {}) => {
    const path = '/ansible-examples/salt/states/jumpcloud/init.sls';
    if (sls !== undefined) await sandbox.write(path, sls);
    const example = (await examplePillar()).jumpcloud;
    const merged = { jumpcloud: { ...example, document: { ...example.document, ...document } } };
    const { returns } = await run('init.sls', { test, pillar: pillar ?? merged }, env);
    const { 'jumpcloud-system-context': _, ...own } = returns;
    return own;
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

  test('line breaks and backslashes in settings reach JumpCloud unchanged', async () => {
    const system = { description: 'One\nTwo\n\\n "three"', attributes: { path: 'C:\\new\\\\n' } };
    expect((await apply({ document: { system } }))[ID]).toMatchObject({ result: true });
    expect(emulator.store.record(sandbox.host.systemId)).toMatchObject({
      description: system.description,
      attributes: [{ name: 'path', value: system.attributes.path }],
    });
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
  });

  test('the rendered state file contains no text of the document', async () => {
    const call = { test: true, pillar: await examplePillar() };
    const { rendered, returns } = await run('init.sls', call);
    expect(rendered).not.toContain('Serves');
    // The version must be null, because Salt warns about an empty text.
    expect(returns['jumpcloud-system-context']).toMatchObject({ version: null });
  });

  test('a missing pillar fails the state even in test mode, and changes nothing', async () => {
    for (const pillar of [{}, { jumpcloud: { document: {} } }]) {
      expect((await apply({ test: true, pillar }))[ID]).toMatchObject({
        result: false,
        comment: 'The pillar jumpcloud:document is missing or empty.',
      });
    }
    expect(sandbox.writes()).toEqual([]);
  });

  test('a refused change fails the state, as does a misspelt option in test mode', async () => {
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      times: 9,
      when: ({ url }) => url.includes('/members'),
    });
    const document = { system: undefined, users: [IDS.guest] };
    const refused = (await apply({ document }))[ID];
    emulator.faults.clear();
    expect(refused).toMatchObject({ result: false, changes: { users: { added: [IDS.guest] } } });
    expect(refused?.comment).toMatch(/403.*\nError code: rejected$/);
    sandbox.writes();
    const misspelt = await apply({ test: true, document: { grups: [IDS.web] } });
    expect(misspelt[ID]).toMatchObject({ result: false, changes: {} });
    expect(misspelt[ID]?.comment).toContain('did you mean groups?');
    expect(sandbox.writes()).toEqual([]);
  });

  test('a failed run reports changed settings and removed associations', async () => {
    const unknown = '5f1a3b0c9d2e4f6a7b8c9dff';
    expect((await apply({ document: { groups: [unknown] } }))[ID]).toMatchObject({
      result: false,
      changes: { record: 'changed before the failure' },
    });
    emulator.store.join(sandbox.host.systemId, IDS.web);
    addDynamicGroup(emulator.store, [sandbox.host.systemId]);
    const sls = '{retired: {jumpcloud.removed: [{document: {scope: associations}}]}}';
    expect((await apply({ sls })).retired).toMatchObject({
      result: false,
      changes: { associations: { removed: [{ type: 'system_group', id: IDS.web }] } },
    });
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

  test('test mode does not wait for an agent, and a run waits for it once', async () => {
    await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
    const planned = (await apply({ test: true, document: { registration_timeout: 600 } }))[ID];
    expect(planned).toMatchObject({ result: null, changes: {} });
    expect(planned?.comment).toContain('Error code: not_enrolled');
    await recordCalls('echo "$*"');
    expect((await apply({ document: { registration_timeout: 0.3 } }))[ID]).toMatchObject({
      result: false,
      changes: {},
    });
    expect(await readFile(sandbox.path('/calls'), 'utf8')).toBe('--json --diff -\n');
  });

  test('a missing executable fails the state, except in test mode', async () => {
    await chmod(sandbox.path('/usr/bin/jumpcloud_host'), 0o644);
    const missing =
      'The minion has no jumpcloud_host. Install the package jumpcloud-system-context.';
    expect((await apply({ test: true }))[ID]).toMatchObject({ result: null, changes: {} });
    expect((await apply())[ID]).toMatchObject({ result: false, comment: missing });
  });

  test('the error for an executable that cannot be started contains no password', async () => {
    await sandbox.write('/usr/bin/jumpcloud_host', '#!/missing/sh\n');
    await chmod(sandbox.path('/usr/bin/jumpcloud_host'), 0o755);
    expect((await apply({ document: { proxy: PROXY } }))[ID]).toEqual({
      name: ID,
      result: false,
      changes: {},
      comment: `${sandbox.path('/usr/bin/jumpcloud_host')} could not be started.\nError code: local_action_failed`,
    });
  });

  test("the system's CA store is used, unless the minion's environment names another", async () => {
    await recordCalls('echo "$JUMPCLOUD_CA_STORE"');
    await apply();
    await apply({ env: { JUMPCLOUD_CA_STORE: 'bundled' } });
    expect(await readFile(sandbox.path('/calls'), 'utf8')).toBe('system\nbundled\n');
  });

  /**
   * Makes jumpcloud_host append the output of a shell command to `/calls` at the start of each
   * call.
   */
  const recordCalls = async (command: string) => {
    const real = sandbox.path('/usr/bin/jumpcloud_host.real');
    await rename(sandbox.path('/usr/bin/jumpcloud_host'), real);
    const lines = [`${command} >>'${sandbox.path('/calls')}'`, `exec '${real}' "$@"`];
    await sandbox.writeProgram('/usr/bin/jumpcloud_host', ...lines);
  };

  test.for([
    ['Debian', '/etc/apt/keyrings', /^URIs: https:.*\/apt$/m, /^Signed-By: (\S+)$/m],
    ['RedHat', '/etc/pki/rpm-gpg', /^baseurl=https:.*\/dnf$/m, /^gpgkey=file:\/\/(\S+)$/m],
  ] as const)(
    'on %s, only packages that the pinned key signed are accepted',
    async ([family, directory, address, signer]) => {
      const pillar = await examplePillar();
      const { returns } = await run('repo.sls', { grains: { os_family: family }, pillar });
      const [[key, download] = [], [, repository] = []] = Object.entries(returns);
      expect(key).toBe(`${directory}/jumpcloud-system-context.asc`);
      expect(download).toMatchObject({
        source_hash: expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
      });
      const { contents } = repository as unknown as { contents: string };
      expect(contents).toMatch(address);
      expect(signer.exec(contents)?.[1]).toBe(key);
    },
  );

  test("on an unsupported system, Salt's state repo.sls fails with a message that names the system", async () => {
    const call = { grains: { os_family: 'Suse' }, pillar: await examplePillar() };
    expect(Object.values((await run('repo.sls', call)).returns)).toMatchObject([
      { name: expect.stringContaining('Suse') },
    ]);
  });
});

test("the YAML of the example's README can be parsed", async () => {
  const text = await readFile(join(EXAMPLES, 'salt/README.md'), 'utf8');
  const blocks = [...text.matchAll(/^ *```yaml\n(.*?)^ *```$/gms)].map(([, block = '']) => block);
  expect(blocks).not.toEqual([]);
  for (const block of blocks) parse(block, { uniqueKeys: false });
});

test.runIf(hasPrograms('yamllint over the Salt example', 'yamllint'))(
  'yamllint accepts the pillar of the Salt example',
  async () => {
    await execa('yamllint', ['--strict', join(EXAMPLES, 'salt/pillar/jumpcloud.sls')]);
  },
);
