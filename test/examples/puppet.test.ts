import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasTool } from './has-tool.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

const MANIFESTS = ['puppet/site.pp', 'puppet/modules/jumpcloud/manifests/init.pp'];
const RUBY = [
  'puppet/modules/jumpcloud/lib/puppet/functions/jumpcloud/to_json.rb',
  'puppet/modules/jumpcloud/lib/puppet/provider/jumpcloud_host/executable.rb',
  'puppet/modules/jumpcloud/lib/puppet/provider/jumpcloud_removal/executable.rb',
  'puppet/modules/jumpcloud/lib/puppet/type/jumpcloud_host.rb',
  'puppet/modules/jumpcloud/lib/puppet/type/jumpcloud_removal.rb',
  'puppet/modules/jumpcloud/lib/puppet_x/jumpcloud/executable.rb',
];
const DATA = [
  'puppet/data/common.yaml',
  'puppet/hiera.yaml',
  'puppet/modules/jumpcloud/README.md',
  'puppet/modules/jumpcloud/data/common.yaml',
  'puppet/modules/jumpcloud/hiera.yaml',
  'puppet/modules/jumpcloud/metadata.json',
];

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
/** Leaves out the package and the unit, which a test must not install on this machine. */
const TAGS = '--tags=file,jumpcloud_host';

describe.runIf(hasTool('the Puppet example', 'puppet'))(
  'puppet apply',
  { timeout: 120_000 },
  () => {
    let emulator: Emulator;
    let sandbox: Sandbox;
    test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
      emulator = sharedEmulator;
      sandbox = newSandbox;
      await sandbox.write('/puppet/vardir/client_yaml/facts/web-1.yaml', FACTS);
      await mkdir(sandbox.path('/etc/jumpcloud'), { recursive: true });
      for (const file of [...MANIFESTS, ...RUBY, ...DATA]) await sandbox.place(file);
    });

    /** Applies the manifest of the example, or the given one. Reads and writes only in the sandbox. */
    const apply = async (manifest: string | undefined, ...flags: string[]) => {
      const site = sandbox.path('/ansible-examples/puppet/site.pp');
      const own = ['confdir', 'vardir', 'codedir', 'logdir', 'rundir'].flatMap((name) => [
        `--${name}`,
        sandbox.path(`/puppet/${name}`),
      ]);
      const words = [
        '--modulepath',
        sandbox.path('/ansible-examples/puppet/modules'),
        '--hiera_config',
        sandbox.path('/ansible-examples/puppet/hiera.yaml'),
        '--detailed-exitcodes',
        '--color=false',
        '--certname=web-1',
        '--facts_terminus=yaml',
        ...own,
        ...flags,
        ...(manifest === undefined ? [site] : ['-e', manifest]),
      ];
      return execa('puppet', ['apply', ...words], { env: sandbox.env, reject: false, all: true });
    };

    /** Applies with --noop. Puppet 8 shows `x changed A to B` for `current_value A, should be B`. */
    const noop = async (manifest: string | undefined, ...flags: string[]) => {
      const { all } = await apply(manifest, '--noop', ...flags);
      return {
        all: all.replace(
          /: \w+ changed (.*) to (.* \(noop\))/g,
          ': current_value $1, should be $2',
        ),
      };
    };

    /** Lets the executable write its arguments, its input and the process list to files first. */
    const watchCalls = async (module: string) => {
      await rename(sandbox.path(`/usr/bin/${module}`), sandbox.path(`/usr/bin/${module}.real`));
      await sandbox.writeProgram(
        `/usr/bin/${module}`,
        `echo "$*" >>'${sandbox.path('/calls')}'`,
        `ps -eo args >>'${sandbox.path('/processes')}'`,
        `tee -a '${sandbox.path('/input')}' | sed 's/"proxy":"[^"]*",*//' |`,
        `  '${sandbox.path(`/usr/bin/${module}.real`)}' "$@"`,
      );
    };

    /** Returns the names of Puppet's files that contain a text: logs, reports, state, catalogues. */
    const filesWith = async (text: string) => {
      const { stdout } = await execa('grep', ['-rlF', text, sandbox.path('/puppet')], {
        reject: false,
      });
      return stdout.split('\n').filter((line) => line !== '');
    };
    const lastReport = () =>
      readFile(sandbox.path('/puppet/vardir/state/last_run_report.yaml'), 'utf8');

    test('noop shows each section before and after, and writes nothing', async () => {
      const { all } = await noop(undefined, TAGS);
      expect(all).not.toMatch(/Error|Warning/);
      const name = '/Stage[main]/Jumpcloud/Jumpcloud_host[document]';
      expect(all).toContain(`${name}/system: current_value {`);
      expect(all).toMatch(
        /system: current_value \{"display_name":"[^"]*",.*\}, should be \{"display_name":"web-1",.*"owner":"the shop's team".*\} \(noop\)/,
      );
      for (const [profile, group] of [
        ['shop', IDS.web],
        ['monitoring', IDS.monitored],
      ]) {
        expect(all).toContain(
          `Jumpcloud_host[profile::${profile}]/groups: current_value [], should be ["${group}"] (noop)`,
        );
      }
      expect(await lastReport()).toContain('display_name: web-1');
      expect(sandbox.writes()).toEqual([]);
    });

    test('the first run configures the host and the second run changes nothing', async () => {
      const { systemId } = sandbox.host;
      const first = await apply(undefined, TAGS);
      expect(first.exitCode, first.all).toBe(CHANGED);
      const { displayName, attributes } = emulator.store.record(systemId);
      expect(displayName).toBe('web-1');
      expect(attributes).toContainEqual({ name: 'owner', value: "the shop's team" });
      expect(emulator.store.groupsOf(systemId).sort()).toEqual([IDS.web, IDS.monitored]);
      expect(emulator.store.edgesOf(systemId, 'user')).toEqual([
        [IDS.admin, { sudo: { enabled: true, withoutPassword: false } }],
      ]);
      expect(sandbox.writes()).toHaveLength(4);
      const document = sandbox.path('/etc/jumpcloud/host.json');
      expect(JSON.parse(await readFile(document, 'utf8'))).toMatchObject({
        system: { display_name: 'web-1' },
        registration_timeout: 120,
      });
      expect((await stat(document)).mode & 0o777).toBe(0o600);

      const second = await apply(undefined, TAGS);
      expect(second.exitCode, second.all).toBe(UNCHANGED);
      expect(second.all).not.toContain('changed');
      expect(sandbox.writes()).toEqual([]);
    });

    test('the class installs the package before it describes the host', async () => {
      await rm(sandbox.path('/usr/bin/jumpcloud_host'));
      const { all } = await noop(undefined);
      expect(all).toMatch(
        /Package\[jumpcloud-system-context\]\/ensure: (created|.*should be 'present') \(noop\)/,
      );
      expect(all).toMatch(/system: current_value "unknown", should be \{.*web-1.*\(noop\)/);
      expect(all).not.toMatch(/^Error/m);
      const position = (text: string) => all.indexOf(text);
      expect(position('Package[jumpcloud')).toBeLessThan(position('Jumpcloud_host[document]'));
    });

    test('a refused change fails its resource, and a misspelt option fails in noop too', async () => {
      const fault = { fault: { kind: 'status', status: 403 }, times: 99 } as const;
      emulator.faults.add({ ...fault, when: ({ method }) => method !== 'GET' });
      const refused = await apply(
        `jumpcloud_host { 'x': groups => ['${IDS.web}'], system => { description => 'y' } }`,
      );
      emulator.faults.clear();
      expect(refused.exitCode, refused.all).toBe(FAILED);
      expect(refused.all).toMatch(/^Error: .*JumpCloud answered 403|^Error: .*\(403\)/m);
      expect(refused.all).toContain('groups may not have been changed. See the error above.');

      sandbox.writes();
      const inner = await apply(
        "jumpcloud_host { 'x': system => { display_nam => 'y' } }",
        '--noop',
      );
      expect(inner.all).toMatch(/^Error: .*did you mean display_name/m);
      expect(await lastReport()).toMatch(/^status: failed$/m);
      expect(sandbox.writes()).toEqual([]);
    });

    test('a password is in no log, no report and no process list', async () => {
      await watchCalls('jumpcloud_host');
      const secret = 'correct-horse';
      await sandbox.write(
        '/ansible-examples/puppet/data/common.yaml',
        `jumpcloud::proxy: http://web:${secret}@proxy:3128\n` +
          `jumpcloud::document: {system: {display_name: web-1}}\n`,
      );
      const manifest = `include jumpcloud
      jumpcloud_host { 'nested': groups => ['${IDS.web}'], proxy => Sensitive('x${secret}') }
      jumpcloud_host { 'redacted': system => { description => Sensitive('y${secret}') } }`;
      const { all, exitCode } = await apply(manifest, TAGS, '--verbose');
      expect(exitCode, all).toBe(CHANGED);
      expect(all).toContain('groups changed [] to ["');
      expect(all).toContain('Jumpcloud_host[redacted]/system: changed [redacted] to [redacted]');
      expect(all).not.toContain(secret);
      expect(all).not.toMatch(/^Warning/m);
      const leaks = await filesWith(secret);
      expect(leaks.filter((file) => !file.includes('/client_data/'))).toEqual([]);
      const processes = await readFile(sandbox.path('/processes'), 'utf8');
      expect(processes).toContain('/usr/bin/jumpcloud_host');
      expect(processes).not.toContain(`web:${secret}`);
      const input = await readFile(sandbox.path('/input'), 'utf8');
      expect(input).toContain(`"proxy":"http://web:${secret}@proxy:3128"`);
      expect(await readFile(sandbox.path('/etc/jumpcloud/host.json'), 'utf8')).toContain(secret);
    });

    test('a run waits only once for an agent that does not register', async () => {
      await watchCalls('jumpcloud_host');
      await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
      const manifest = `jumpcloud_host { 'x': groups => ['${IDS.web}'], registration_timeout => 0.3 }`;
      const { all, exitCode } = await apply(manifest);
      expect(exitCode, all).toBe(FAILED);
      expect(await readFile(sandbox.path('/calls'), 'utf8')).toBe('--json --check --diff -\n');
    });

    test('jumpcloud_removal shows in noop what it removes, removes it, and then changes nothing', async () => {
      const { systemId } = sandbox.host;
      emulator.store.join(systemId, IDS.web);
      const associations = "jumpcloud_removal { 'x': scope => associations }";
      const planned = await noop(associations);
      expect(planned.all).toMatch(
        /ensure: (current_value|undefined 'ensure' from) .*system_group.*\(noop\)/,
      );
      expect(sandbox.writes()).toEqual([]);
      const both = `${associations} -> jumpcloud_removal { 'retired': }`;
      expect(await apply(both)).toMatchObject({ exitCode: CHANGED });
      expect(sandbox.writes()).toHaveLength(2);
      expect(emulator.store.systems.has(systemId)).toBe(false);
      expect(await apply(both)).toMatchObject({ exitCode: UNCHANGED });
    });

    test('the types have exactly the options of the executables', async () => {
      const code = `
      Puppet.initialize_settings(%w[--confdir /nowhere --vardir /nowhere])
      puts ARGV.to_h { |name|
        type = Puppet::Type.type(name)
        [name, type.properties.map(&:name) + type.parameters - %i[name provider ensure]]
      }.to_json`;
      const lib = sandbox.path('/ansible-examples/puppet/modules/jumpcloud/lib');
      const modules = ['jumpcloud_host', 'jumpcloud_removal'];
      const words = ['-I', lib, '-rpuppet', '-rjson', '-e', code, ...modules];
      const { stdout } = await execa('ruby', words);
      const types: Record<string, string[]> = JSON.parse(stdout);
      for (const module of modules) {
        const { options } = (await readDocumentation(module)).DOCUMENTATION;
        const own = module === 'jumpcloud_removal' ? ['names'] : [];
        const expected = Object.keys(options).filter((name) => !own.includes(name));
        expect(types[module]?.sort()).toEqual(expected.sort());
      }
    });
  },
);

test('the Puppet module has the project’s version', async () => {
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const metadata = await read(join(EXAMPLES, 'puppet/modules/jumpcloud/metadata.json'));
  const project = await read(new URL('../../package.json', import.meta.url).pathname);
  expect(metadata).toMatchObject({ name: 'systemcontext-jumpcloud', version: project.version });
});

test('all YAML files of the Puppet example can be read', async () => {
  for (const file of DATA.filter((name) => name.endsWith('.yaml'))) {
    expect(parse(await readFile(join(EXAMPLES, file), 'utf8'))).toBeTypeOf('object');
  }
  const files = await readdir(join(EXAMPLES, 'puppet'), { recursive: true, withFileTypes: true });
  const found = files.filter((file) => file.isFile());
  expect(found).toHaveLength(MANIFESTS.length + RUBY.length + DATA.length);
});

describe('the linters of Puppet and Ruby', () => {
  const paths = (files: string[]) => files.map((file) => join(EXAMPLES, file));

  test.runIf(hasTool('puppet parser validate', 'puppet'))(
    'puppet parser validate accepts the manifests',
    { timeout: 60_000 },
    async () => {
      await execa('puppet', ['parser', 'validate', ...paths(MANIFESTS)]);
    },
  );

  test.runIf(hasTool('puppet-lint over the manifests', 'puppet-lint'))(
    'puppet-lint finds nothing in the manifests',
    async () => {
      const { stdout } = await execa('puppet-lint', ['--fail-on-warnings', ...paths(MANIFESTS)]);
      expect(stdout).toBe('');
    },
  );

  test.runIf(hasTool('rubocop over the Puppet example', 'rubocop'))(
    'rubocop finds nothing in the types and providers',
    { timeout: 60_000 },
    async () => {
      const config = new URL('rubocop.yml', import.meta.url).pathname;
      const words = ['--config', config, '--cache', 'false', ...paths(RUBY)];
      const { stdout } = await execa('rubocop', words, { reject: false });
      expect(stdout).toContain(`${RUBY.length} files inspected, no offenses detected`);
    },
  );
});
