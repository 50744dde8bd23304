import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasPrograms } from './has-programs.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

const COOKBOOK = [
  'chef/jumpcloud/README.md',
  'chef/jumpcloud/attributes/default.rb',
  'chef/jumpcloud/libraries/document.rb',
  'chef/jumpcloud/libraries/executable.rb',
  'chef/jumpcloud/metadata.rb',
  'chef/jumpcloud/recipes/default.rb',
  'chef/jumpcloud/resources/host.rb',
  'chef/jumpcloud/resources/removal.rb',
];
const RUBY = COOKBOOK.filter((file) => file.endsWith('.rb'));

const DOCUMENT = {
  system: {
    display_name: 'web-1',
    attributes: { role: 'web', owner: "the shop's team" },
    settle: 1,
  },
  groups: { [IDS.web]: true, [IDS.monitored]: false, [IDS.buildHosts]: null },
  users: { [IDS.admin]: { sudo: true }, [IDS.guest]: true },
  commands: null,
};

describe.runIf(hasPrograms('the Chef example', 'ruby'))('the Chef cookbook', () => {
  let emulator: Emulator;
  let sandbox: Sandbox;
  test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
    emulator = sharedEmulator;
    sandbox = newSandbox;
    for (const file of COOKBOOK) await sandbox.place(file);
  });

  interface Run {
    readonly recipe?: string;
    readonly document?: object;
    readonly attributes?: object;
    readonly run_state?: object;
    readonly platform_family?: string;
    readonly why_run?: boolean;
  }

  /** Converges a recipe with chef.rb, a stand-in for Chef. */
  const converge = async ({ document = DOCUMENT, attributes, ...run }: Run = {}) => {
    const replacement = new URL('chef.rb', import.meta.url).pathname;
    const cookbook = sandbox.path('/ansible-examples/chef/jumpcloud');
    const words = [
      replacement,
      cookbook,
      JSON.stringify({ attributes: { document, ...attributes }, ...run }),
    ];
    return execa('ruby', words, { env: sandbox.env, reject: false });
  };
  interface Converged {
    readonly log: string[];
    readonly updated: string[];
    /** The states that Chef sends to its server. */
    readonly reports: { readonly before: object; readonly after: object }[];
    /** Output of the executables, which Chef prints only at the log level `trace`. */
    readonly trace: string;
  }
  const succeed = async (run?: Run): Promise<Converged> => {
    const { stdout, stderr } = await converge(run);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  /** Records the calls of jumpcloud_host. Removes the option `proxy` after recording it. */
  const recordCalls = async () => {
    const real = sandbox.path('/usr/bin/jumpcloud_host.real');
    await rename(sandbox.path('/usr/bin/jumpcloud_host'), real);
    await sandbox.writeProgram(
      '/usr/bin/jumpcloud_host',
      `echo "$*" >>'${sandbox.path('/calls')}'`,
      `tee '${sandbox.path('/input')}' | sed 's/,"proxy":"[^"]*"//' | '${real}' "$@"`,
    );
    return {
      input: () => readFile(sandbox.path('/input'), 'utf8'),
      /** Returns the arguments of each recorded call, and forgets the recorded calls. */
      async calls() {
        const text = await readFile(sandbox.path('/calls'), 'utf8');
        await rm(sandbox.path('/calls'));
        return text.trimEnd().split('\n');
      },
    };
  };
  const CHECK = '--json --check --diff -';

  test('ruby -wc accepts the files of the cookbook without a warning', async () => {
    const paths = RUBY.map((file) => join(EXAMPLES, file));
    const { stdout, stderr } = await execa('ruby', ['-wc', ...paths]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Syntax OK', stderr: '' });
  });

  test('the first run configures the host and the second run changes nothing', async () => {
    const { systemId } = sandbox.host;
    const { calls } = await recordCalls();
    const first = await succeed();
    expect(first.updated).toEqual(['jumpcloud_host[default]']);
    expect(first.log[0]).toBe('package[jumpcloud-system-context]');
    expect(await calls()).toEqual([CHECK, '--json -']);
    expect(first.reports).toMatchObject([{ before: { groups: [] }, after: { groups: [IDS.web] } }]);
    expect(emulator.store.record(systemId)).toMatchObject({
      displayName: 'web-1',
      attributes: [
        { name: 'role', value: 'web' },
        { name: 'owner', value: "the shop's team" },
      ],
    });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
    expect(emulator.store.hasEdge(systemId, 'user', IDS.guest)).toBe(true);
    expect(sandbox.writes()).toHaveLength(4);

    expect((await succeed()).updated).toEqual([]);
    expect(await calls()).toEqual([CHECK]);
    expect(sandbox.writes()).toEqual([]);
  });

  test('--why-run shows each section before and after, and writes nothing', async () => {
    await succeed();
    sandbox.writes();
    const recipe = "jumpcloud_host('x') { system display_name: 'web-2', settle: 1 }";
    const { log, updated } = await succeed({ why_run: true, recipe });
    expect(log).toEqual([
      'jumpcloud_host[x]: Would update x',
      'jumpcloud_host[x]: Would   set system to {"display_name"=>"web-2", "settle"=>1} (was {"display_name"=>"web-1", "settle"=>1})',
    ]);
    expect(updated).toEqual(['jumpcloud_host[x]']);
    expect(sandbox.writes()).toEqual([]);
  });

  test('--why-run shows the changes of all sections without waiting if the agent or the package is missing', async () => {
    const recipe = `
      jumpcloud_host('x') { groups %w[${IDS.web}]; registration_timeout 3600 }
      jumpcloud_removal('y') { action :remove }`;
    const changes = [
      'jumpcloud_host[x]: Would update x',
      `jumpcloud_host[x]: Would   set groups to ["${IDS.web}"] (was nil)`,
    ];
    await rm(sandbox.host.agentDir, { recursive: true });
    const bare = await succeed({ why_run: true, recipe });
    expect(bare.log).toEqual([
      expect.stringMatching(/^WARN: jumpcloud_host\[x\]: .* does not exist\. Install the/),
      ...changes,
    ]);
    for (const name of ['host', 'removal']) await rm(sandbox.path(`/usr/bin/jumpcloud_${name}`));
    expect((await succeed({ why_run: true, recipe })).log).toEqual([
      expect.stringContaining('jumpcloud_host is missing. Install the package'),
      ...changes,
      expect.stringContaining('jumpcloud_removal is missing. Install the package'),
      'jumpcloud_removal[y]: Would remove the system from JumpCloud',
    ]);
    expect((await converge()).stderr).toContain('jumpcloud_host is missing. Install the package');
    const attributes = { ignore_failure: true };
    expect((await succeed({ attributes })).log[1]).toContain('ignore_failure is set, continuing');
  });

  test('attributes pin the version of the package, or leave the package unmanaged', async () => {
    const pinned = { document: {}, attributes: { package_version: '1.2.3-1' } };
    expect((await succeed(pinned)).log).toEqual(['package[jumpcloud-system-context] 1.2.3-1']);
    const unmanaged = { document: {}, attributes: { manage_package: false } };
    expect((await succeed(unmanaged)).log).toEqual([]);
    expect((await succeed({ platform_family: 'suse' })).log).toEqual([
      'WARN: jumpcloud: x is not supported. The recipe does nothing.',
    ]);
  });

  test.each([
    [{ group: { [IDS.web]: true } }, 'has unknown options: group.'],
    [{ groups: [IDS.web] }, "['groups'] must be a hash"],
  ])('the recipe refuses the document %j', async (document, error) => {
    const { exitCode, stderr } = await converge({ why_run: true, document });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(error);
  });

  test('a sensitive resource shows no values in output, reports and errors', async () => {
    const recipe = `
      jumpcloud_host 'good' do
        system display_name: 'correct-horse'
        sensitive true
      end
      jumpcloud_host 'bad' do
        system attributes: { role: ['correct-horse'] }
        sensitive true
        ignore_failure true
      end
      jumpcloud_removal 'gone' do
        action :remove
        sensitive true
      end`;
    const { log, reports, trace } = await succeed({ recipe });
    expect(log).toEqual([
      'jumpcloud_host[good]: update good',
      'jumpcloud_host[good]:   set system to (suppressed sensitive property)',
      expect.stringContaining('failed: invalid_arguments, system.attributes. The resource is'),
      'jumpcloud_removal[gone]: remove the system from JumpCloud',
    ]);
    expect(log.join()).not.toContain('correct-horse');
    expect(reports).toEqual([
      { before: {}, after: {} },
      { before: {}, after: {} },
    ]);
    expect(trace).toBe('');
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

  test('with --why-run, jumpcloud_removal only shows what it would remove; a run removes it, and the next run changes nothing', async () => {
    const recipe = "jumpcloud_removal('retired') { action :remove }";
    const { systemId } = sandbox.host;
    expect((await succeed({ recipe: "jumpcloud_removal 'retired'" })).log).toEqual([]);
    const { log } = await succeed({ recipe, why_run: true });
    expect(log[0]).toContain(
      `Would remove the system from JumpCloud: {"present":[{"type":"system","id":"${systemId}"}]`,
    );
    expect(sandbox.writes()).toEqual([]);
    expect((await succeed({ recipe })).updated).toEqual(['jumpcloud_removal[retired]']);
    expect(emulator.store.systems.has(systemId)).toBe(false);
    expect((await succeed({ recipe })).updated).toEqual([]);
  });

  test('a refused change fails a run, and a misspelt option fails even a run with --why-run', async () => {
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      times: 9,
      when: ({ method }) => method !== 'GET',
    });
    const refused = await converge();
    emulator.faults.clear();
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(/jumpcloud_host\[default\] had an error: .*403/);
    const document = { system: { display_nam: 'web-1' } };
    const misspelt = await converge({ why_run: true, document });
    expect(misspelt).toMatchObject({ exitCode: 1 });
    expect(misspelt.stderr).toContain('did you mean display_name?');
  });

  test('options go through standard input, and a run waits only once for the agent', async () => {
    const { calls, input } = await recordCalls();
    await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
    const result = await converge({
      document: { ...DOCUMENT, registration_timeout: 0.3 },
      run_state: { jumpcloud: { proxy: 'http://web:correct-horse@proxy:3128' } },
    });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).not.toContain('correct-horse');
    expect(await calls()).toEqual([CHECK]);
    expect(await input()).toContain('web:correct-horse@');
  });

  test('the resources in the README show their changes with --why-run', async () => {
    const readme = await readFile(join(EXAMPLES, 'chef/jumpcloud/README.md'), 'utf8');
    await sandbox.replaceProgram('service', 'exit 0');
    const blocks = [...readme.matchAll(/^```ruby\n(jumpcloud_.*?)^```/gms)].map(([, code]) => code);
    const recipe = blocks
      .join('\n')
      .replace('5f1a3b0c9d2e4f6a7b8c9d99', sandbox.host.systemId)
      .replace('/opt/jc', sandbox.host.agentDir);
    expect((await succeed({ why_run: true, recipe })).updated).toEqual([
      'jumpcloud_host[default]',
      'jumpcloud_removal[retired]',
    ]);
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
      'next if plan.nil?',
      "next if File.exist?('/x')",
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
    ['a constraint that is no version', 'metadata.rb', '>= 17.0', 'banana', 'not a version'],
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
      'registration_timeout 1',
      'registration_timeuot 1',
      'undefined method',
    ],
    [
      'a value of a wrong type',
      'recipes/default.rb',
      'public_send(option, value)',
      "groups 'a'",
      'must be one of',
    ],
    [
      'a value that is not allowed',
      'recipes/default.rb',
      'proxy secret',
      "region 'mars' #",
      'must be equal to',
    ],
    [
      'an unknown action',
      'recipes/default.rb',
      'proxy secret',
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

  test.runIf(hasPrograms('rubocop over the Chef example', 'rubocop'))(
    'rubocop finds nothing in the cookbook',
    { timeout: 300_000 },
    async () => {
      const config = new URL('rubocop.yml', import.meta.url).pathname;
      const paths = RUBY.map((file) => join(EXAMPLES, file));
      const words = ['--config', config, '--cache', 'false', ...paths];
      const { stdout } = await execa('rubocop', words, { reject: false });
      expect(stdout).toContain(`${RUBY.length} files inspected, no offenses detected`);
    },
  );
});
