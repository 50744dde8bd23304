import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

const COOKBOOK = [
  'chef/jumpcloud/README.md',
  'chef/jumpcloud/attributes/default.rb',
  'chef/jumpcloud/libraries/executable.rb',
  'chef/jumpcloud/metadata.rb',
  'chef/jumpcloud/recipes/default.rb',
  'chef/jumpcloud/resources/host.rb',
  'chef/jumpcloud/resources/removal.rb',
];
const RUBY = COOKBOOK.filter((file) => file.endsWith('.rb'));

const ATTRIBUTES = {
  system: {
    display_name: 'web-1',
    attributes: { role: 'web', owner: "the shop's team" },
    settle: 60,
  },
  groups: [IDS.web],
  users: [{ id: IDS.admin, sudo: true }],
};

describe.runIf(hasTool('the Chef example', 'ruby'))('the Chef cookbook', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    for (const file of COOKBOOK) await sandbox.place(file);
  });

  interface Run {
    readonly recipe?: string;
    readonly attributes?: object;
    readonly why_run?: boolean;
  }

  /** Converges a recipe with chef.rb, which replaces Chef. */
  const converge = async (run: Run = {}) => {
    const replacement = new URL('chef.rb', import.meta.url).pathname;
    const cookbook = sandbox.path('/ansible-examples/chef/jumpcloud');
    const words = [replacement, cookbook, JSON.stringify({ attributes: ATTRIBUTES, ...run })];
    return execa('ruby', words, { env: sandbox.env, reject: false });
  };
  const succeed = async (run?: Run): Promise<{ log: string[]; updated: string[] }> => {
    const { stdout, stderr } = await converge(run);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  test('ruby -wc accepts the files of the cookbook without a warning', async () => {
    const paths = RUBY.map((file) => join(EXAMPLES, file));
    const { stdout, stderr } = await execa('ruby', ['-wc', ...paths]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Syntax OK', stderr: '' });
  });

  test('the first run configures the host and the second run changes nothing', async () => {
    const { systemId } = sandbox.host;
    const first = await succeed();
    expect(first.updated).toEqual(['jumpcloud_host[document]']);
    expect(first.log[0]).toBe('package[jumpcloud-system-context]');
    expect(emulator.store.record(systemId)).toMatchObject({
      displayName: 'web-1',
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'owner', value: "the shop's team" },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
    expect(sandbox.writes()).toHaveLength(3);

    expect((await succeed()).updated).toEqual([]);
    expect(sandbox.writes()).toEqual([]);
  });

  test('--why-run shows each section before and after, and writes nothing', async () => {
    await succeed();
    sandbox.writes();
    const system = { display_name: 'web-2' };
    const { log, updated } = await succeed({
      why_run: true,
      attributes: { ...ATTRIBUTES, system },
    });
    expect(log.slice(1)).toEqual([
      'jumpcloud_host[document]: Would update document',
      'jumpcloud_host[document]: Would   set system to {"display_name"=>"web-2"} (was {"display_name"=>"web-1"})',
    ]);
    expect(updated).toEqual(['jumpcloud_host[document]']);
    expect(sandbox.writes()).toEqual([]);
    await rm(sandbox.path('/usr/bin/jumpcloud_host'));
    const bare = await succeed({ why_run: true });
    expect(bare.log[1]).toBe('jumpcloud_host[document]: Would create document');
    expect((await converge()).stderr).toContain('jumpcloud_host is missing. Install the package');
  });

  test('two resources can each add a group', async () => {
    const recipe = `
      jumpcloud_host('shop') { groups %w[${IDS.web}] }
      jumpcloud_host('monitoring') { groups %w[${IDS.monitored}] }`;
    const names = ['jumpcloud_host[shop]', 'jumpcloud_host[monitoring]'];
    expect((await succeed({ recipe })).updated).toEqual(names);
    expect(emulator.store.groupsOf(sandbox.host.systemId)).toEqual([IDS.web, IDS.monitored]);
    expect((await succeed({ recipe })).updated).toEqual([]);
  });

  test('jumpcloud_removal shows what it removes, removes it, and then changes nothing', async () => {
    const recipe = "jumpcloud_removal('retired')";
    const { systemId } = sandbox.host;
    const { log } = await succeed({ recipe, why_run: true });
    expect(log[0]).toContain(`Would remove {"present":[{"type":"system","id":"${systemId}"}]`);
    expect(sandbox.writes()).toEqual([]);
    expect((await succeed({ recipe })).updated).toEqual(['jumpcloud_removal[retired]']);
    expect(emulator.store.systems.has(systemId)).toBe(false);
    expect((await succeed({ recipe })).updated).toEqual([]);
  });

  test('a refused change and a misspelt option fail, in why-run too', async () => {
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      times: 9,
      when: ({ method }) => method !== 'GET',
    });
    const refused = await converge();
    emulator.faults.clear();
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(/jumpcloud_host\[document\] had an error: .*403/);
    const attributes = { system: { display_nam: 'web-1' } };
    const misspelt = await converge({ why_run: true, attributes });
    expect(misspelt).toMatchObject({ exitCode: 1 });
    expect(misspelt.stderr).toContain('did you mean display_name?');
  });

  test('options go through standard input, and a run waits only once for the agent', async () => {
    const real = sandbox.path('/usr/bin/jumpcloud_host.real');
    await rename(sandbox.path('/usr/bin/jumpcloud_host'), real);
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `echo "$*" >>'${sandbox.path('/calls')}'`,
      `tee -a '${sandbox.path('/input')}' | sed 's/,"proxy":"[^"]*"//' | '${real}' "$@"`,
    );
    await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
    const recipe = `jumpcloud_host 'x' do
      groups %w[${IDS.web}]
      registration_timeout 0.3
      proxy 'http://web:correct-horse@proxy:3128'
    end`;
    const result = await converge({ recipe });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).not.toContain('correct-horse');
    expect(await readFile(sandbox.path('/calls'), 'utf8')).toBe('--json --check --diff -\n');
    expect(await readFile(sandbox.path('/input'), 'utf8')).toContain('web:correct-horse@');
  });

  test('the resources have exactly the options of the executables', async () => {
    for (const [file, module, missing] of [
      ['resources/host.rb', 'jumpcloud_host', []],
      ['resources/removal.rb', 'jumpcloud_removal', ['names']],
    ] as const) {
      const text = await readFile(join(EXAMPLES, 'chef/jumpcloud', file), 'utf8');
      const properties = [...text.matchAll(/^property :(\w+)/gm)].map(([, name]) => name);
      const { options } = (await readDocumentation(module)).DOCUMENTATION;
      const expected = Object.keys(options).filter((name) => !missing.some((own) => own === name));
      expect(properties.sort()).toEqual(expected.sort());
    }
  });

  test.each<[nonsense: string, file: string, from: string, to: string, error: string]>([
    ['a unified_mode of "banana"', 'resources/host.rb', 'mode true', "mode 'banana'", 'banana'],
    ['a type that is no class', 'resources/host.rb', 's, Array\n', "s, 'Array'\n", 'not classes'],
    [
      'an unknown property option',
      'resources/host.rb',
      'desired_state',
      'desird',
      'unknown options',
    ],
    [
      'a property named hash',
      'resources/host.rb',
      ':keep',
      ':hash',
      'overwrites an existing method',
    ],
    [
      'Chef’s File for Ruby’s',
      'resources/host.rb',
      '!::File',
      '!File',
      "undefined method `exist?'",
    ],
    ['an action without a block', 'resources/removal.rb', '/\naction[^]*/', 'action :x', 'a block'],
    [
      'a default that has the wrong type',
      'resources/host.rb',
      'keep, Hash',
      'keep, Hash, default: 1',
      'must be one of',
    ],
    ['an unknown field of metadata', 'metadata.rb', 'license', 'licence', 'undefined method'],
    ['metadata without a name', 'metadata.rb', "name 'jumpcloud'", '', 'has no name'],
    ['a constraint that is no version', 'metadata.rb', '>= 15.3', 'banana', 'not a version'],
    [
      'an unknown option of shell_out',
      'libraries/executable.rb',
      'input:',
      'inputs:',
      'not a valid option',
    ],
    [
      'an unknown resource',
      'recipes/default.rb',
      'jumpcloud_host',
      'jumpcloud_hots',
      'undefined method',
    ],
    [
      'an unknown property',
      'recipes/default.rb',
      'registration_timeout s',
      'timeuot s',
      'undefined method',
    ],
    [
      'a value of a wrong type',
      'recipes/default.rb',
      'public_send(section, value)',
      "groups 'a'",
      'must be one of',
    ],
    [
      'a value that is not allowed',
      'recipes/default.rb',
      '# proxy',
      "region 'mars' #",
      'must be equal to',
    ],
    [
      'an unknown action',
      'recipes/default.rb',
      '# proxy',
      'action :keep #',
      'Option action must be',
    ],
  ])('the replacement refuses %s', async (_, file, from, to, error) => {
    const isPattern = from.startsWith('/');
    const pattern = isPattern ? new RegExp(from.slice(1, -1)) : from;
    await sandbox.place(`chef/jumpcloud/${file}`, (text) => {
      const changed = text.replace(pattern, to);
      expect(changed).not.toBe(text);
      return changed;
    });
    const whyRun = file === 'resources/host.rb';
    const recipe = file === 'resources/removal.rb' ? "jumpcloud_removal 'x'" : undefined;
    const run = { why_run: whyRun, ...(recipe !== undefined && { recipe }) };
    const { exitCode, stderr } = await converge(run);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(error);
    expect(sandbox.writes()).toEqual([]);
  });

  test.runIf(hasTool('rubocop over the Chef example', 'rubocop'))(
    'rubocop finds nothing in the cookbook',
    { timeout: 60_000 },
    async () => {
      const config = new URL('rubocop.yml', import.meta.url).pathname;
      const paths = RUBY.map((file) => join(EXAMPLES, file));
      const words = ['--config', config, '--cache', 'false', ...paths];
      const { stdout } = await execa('rubocop', words, { reject: false });
      expect(stdout).toContain(`${RUBY.length} files inspected, no offenses detected`);
    },
  );
});
