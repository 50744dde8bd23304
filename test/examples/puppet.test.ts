import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { parse } from 'yaml';
import { readDocumentation } from '../../scripts/build/module-documentation.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { hasPrograms } from './has-programs.ts';
import { EXAMPLES, IDS, type Sandbox, test } from './sandbox.ts';

const MANIFESTS = [
  'puppet/site.pp',
  'puppet/modules/jumpcloud/functions/list.pp',
  'puppet/modules/jumpcloud/functions/options.pp',
  'puppet/modules/jumpcloud/manifests/init.pp',
  'puppet/modules/jumpcloud/types/document.pp',
  'puppet/modules/jumpcloud/types/list.pp',
  'puppet/modules/jumpcloud/types/lists.pp',
  'puppet/modules/jumpcloud/types/users.pp',
];
const RUBY = [
  'puppet/modules/jumpcloud/lib/puppet/functions/jumpcloud/to_json.rb',
  'puppet/modules/jumpcloud/lib/puppet/provider/jumpcloud_host/executable.rb',
  'puppet/modules/jumpcloud/lib/puppet/provider/jumpcloud_removal/executable.rb',
  'puppet/modules/jumpcloud/lib/puppet/type/jumpcloud_host.rb',
  'puppet/modules/jumpcloud/lib/puppet/type/jumpcloud_removal.rb',
  'puppet/modules/jumpcloud/lib/puppet_x/jumpcloud/executable.rb',
];
const DATA_FILES = [
  'puppet/data/common.yaml',
  'puppet/data/nodes/web-1.yaml',
  'puppet/hiera.yaml',
  'puppet/modules/jumpcloud/README.md',
  'puppet/modules/jumpcloud/data/common.yaml',
  'puppet/modules/jumpcloud/hiera.yaml',
  'puppet/modules/jumpcloud/metadata.json',
];

/** Exit codes of `puppet apply --detailed-exitcodes`. */
const EXIT_UNCHANGED = 0;
const EXIT_CHANGED = 2;
const EXIT_FAILED = 4;

/** Facts of a host. They replace Facter, which would request cloud metadata over the network. */
const FACTS = `--- !ruby/object:Puppet::Node::Facts
name: web-1
values:
  clientcert: web-1
  networking:
    hostname: web-1
  os:
    family: Debian
    name: Debian
`;
/**
 * Limits a run to files and jumpcloud_host. A test must not install the package or the unit on this
 * machine.
 */
const TAGS = '--tags=file,jumpcloud_host';

describe.runIf(hasPrograms('the Puppet example', 'puppet'))(
  'puppet apply',
  { timeout: 240_000 },
  () => {
    let emulator: Emulator;
    let sandbox: Sandbox;
    test.beforeEach(async ({ emulator: sharedEmulator, sandbox: newSandbox }) => {
      emulator = sharedEmulator;
      sandbox = newSandbox;
      await sandbox.write('/puppet/vardir/client_yaml/facts/web-1.yaml', FACTS);
      await mkdir(sandbox.path('/etc/jumpcloud'), { recursive: true });
      for (const file of [...MANIFESTS, ...RUBY, ...DATA_FILES]) await sandbox.place(file);
    });

    /** Applies a manifest, by default the example's. Reads and writes only in the sandbox. */
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

    /**
     * Applies a manifest with --noop. Rewrites Puppet 8's `x changed A to B` to the older form
     * `current_value A, should be B`.
     */
    const noop = async (manifest: string | undefined, ...flags: string[]) => {
      const { all } = await apply(manifest, '--noop', ...flags);
      return {
        all: all.replace(
          /: \w+ changed (.*) to (.* \(noop\))/g,
          ': current_value $1, should be $2',
        ),
      };
    };

    /**
     * Replaces an executable with a script that records its arguments, its input and the process
     * list. The script then runs the executable without the option `proxy`.
     */
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

    /**
     * Returns the paths of Puppet's logs, reports, state files and catalogues that contain a text.
     */
    const filesWith = async (text: string) => {
      const { stdout } = await execa('grep', ['-rlF', text, sandbox.path('/puppet')], {
        reject: false,
      });
      return stdout.split('\n').filter((line) => line !== '');
    };
    const lastReport = () =>
      readFile(sandbox.path('/puppet/vardir/state/last_run_report.yaml'), 'utf8');

    test('a run with `--noop` shows each section before and after the change, and writes nothing', async () => {
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
      expect(first.exitCode, first.all).toBe(EXIT_CHANGED);
      const { displayName, attributes } = emulator.store.record(systemId);
      expect(displayName).toBe('web-1');
      expect(attributes).toContainEqual({ name: 'owner', value: "the shop's team" });
      const groups = [IDS.web, IDS.monitored, IDS.buildHosts];
      expect(emulator.store.groupsOf(systemId).sort()).toEqual(groups);
      expect(emulator.store.edgesOf(systemId, 'user')).toEqual([
        [IDS.admin, { sudo: { enabled: true, withoutPassword: false } }],
      ]);
      expect(sandbox.writes()).toHaveLength(5);
      const document = sandbox.path('/etc/jumpcloud/host.json');
      expect(JSON.parse(await readFile(document, 'utf8'))).toMatchObject({
        system: { display_name: 'web-1' },
        groups: [IDS.buildHosts],
        users: [{ id: IDS.admin, sudo: true }],
        registration_timeout: 120,
      });
      expect((await stat(document)).mode & 0o777).toBe(0o600);

      const second = await apply(undefined, TAGS);
      expect(second.exitCode, second.all).toBe(EXIT_UNCHANGED);
      expect(second.all).not.toContain('changed');
      expect(sandbox.writes()).toEqual([]);
    });

    test('the class installs the package before it applies jumpcloud_host', async () => {
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

    test('a refused change fails a run, but a run with `--noop` fails only for invalid resources', async () => {
      const fault = { fault: { kind: 'status', status: 403 }, times: 99 } as const;
      emulator.faults.add({ ...fault, when: ({ method }) => method !== 'GET' });
      const refused = await apply(
        `jumpcloud_host { 'x': groups => ['${IDS.web}'], system => { description => 'y' } }`,
      );
      emulator.faults.clear();
      expect(refused.exitCode, refused.all).toBe(EXIT_FAILED);
      expect(refused.all).toMatch(/^Error: .*JumpCloud answered 403|^Error: .*\(403\)/m);
      expect(refused.all).toContain('groups may not have been changed. See the error above.');

      sandbox.writes();
      await sandbox.write(
        '/ansible-examples/puppet/data/common.yaml',
        'jumpcloud::document: { region: eu }\n',
      );
      await rm(sandbox.path('/ansible-examples/puppet/data/nodes'), { recursive: true });
      await sandbox.write('/etc/jumpcloud/host.json', '{}');
      const wrong = await noop(`include jumpcloud
      jumpcloud_host { 'misspelt': system => { display_nam => 'y' } }
      jumpcloud_host { 'empty': region => eu }
      jumpcloud_host { 'hidden': groups => [Sensitive('TOPSECRET')] }
      jumpcloud_host { 'sound': groups => ['${IDS.web}'] }
      jumpcloud_removal { 'unasked': }
      jumpcloud_removal { 'contradictory': ensure => absent }
      notice({ group => { x => true } } =~ Jumpcloud::Document)`);
      const errors = [
        'host[misspelt]: .*did you mean display_name',
        'host[empty]: .*Give at least one of system, groups',
        'host[hidden]: .*jumpcloud_host failed: invalid_arguments, groups. The message is hidden',
        'removal[unasked]: .*Set ensure => absent',
        'removal[contradictory]: .*host\\[misspelt\\] describes the host',
      ];
      for (const error of errors) {
        const escaped = error.replace(/\[(\w+)\]:/, '\\[$1\\]:');
        expect(wrong.all).toMatch(new RegExp(`^Error: .*Jumpcloud_${escaped}`, 'm'));
      }
      expect(wrong.all.match(/^Error/gm)).toHaveLength(errors.length);
      expect(wrong.all).toMatch(/\[sound\]\/groups: current_value .*\(noop\)/);
      expect(wrong.all).toMatch(/host\.json\]\/ensure: current_value .*'absent' \(noop\)/);
      expect(wrong.all).not.toMatch(/TOPSECRET|Jumpcloud_host\[document\]|: true/);
      expect(await lastReport()).toMatch(/^status: failed$/m);
      expect(sandbox.writes()).toEqual([]);
    });

    test('a password is in no log, no report and no process list', async () => {
      await watchCalls('jumpcloud_host');
      const secret = 'correct-horse';
      await sandbox.write(
        '/ansible-examples/puppet/data/common.yaml',
        `jumpcloud::proxy: http://web:${secret}@proxy:3128\n`,
      );
      const manifest = `class { 'jumpcloud':
        document => Sensitive({ system => { display_name => 'z${secret}' } }),
      }
      jumpcloud_host { 'nested': groups => ['${IDS.web}'], proxy => Sensitive('x${secret}') }
      jumpcloud_host { 'redacted': system => { description => Sensitive('y${secret}') } }`;
      const { all, exitCode } = await apply(manifest, TAGS, '--verbose');
      expect(exitCode, all).toBe(EXIT_CHANGED);
      expect(all).toContain('groups changed [] to ["');
      for (const name of ['document', 'redacted']) {
        expect(all).toContain(`Jumpcloud_host[${name}]/system: changed [redacted] to [redacted]`);
      }
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

    test('a run waits once for an agent that does not register, and a resource with `noop` does not wait', async () => {
      await watchCalls('jumpcloud_host');
      await rm(join(sandbox.host.agentDir, 'jcagent.conf'));
      const manifest = `Jumpcloud_host { groups => ['${IDS.web}'], registration_timeout => 0.3 }
      jumpcloud_host { 'x': }
      jumpcloud_host { 'planned': noop => true }`;
      const { all, exitCode } = await apply(manifest);
      expect(exitCode, all).toBe(EXIT_FAILED);
      expect(all).toMatch(/^Warning: .*Jumpcloud_host\[planned\]: .*not/m);
      expect(all).toMatch(/\[planned\]\/groups: .*"unknown".*\(noop\)/);
      const call = '--json --check --diff -\n';
      expect(await readFile(sandbox.path('/calls'), 'utf8')).toBe(call.repeat(2));
      const input = await readFile(sandbox.path('/input'), 'utf8');
      expect(input.match(/registration_timeout/g)).toHaveLength(1);
    });

    test('jumpcloud_removal with `noop` shows what it would remove; without `noop`, the first run removes it and the second changes nothing', async () => {
      const { systemId } = sandbox.host;
      emulator.store.join(systemId, IDS.web);
      const manifest = `Jumpcloud_removal { ensure => absent, scope => associations }
      jumpcloud_removal { 'planned': noop => true }
      -> jumpcloud_removal { 'associations': }
      -> jumpcloud_removal { 'retired': scope => system }`;
      const { all, exitCode } = await apply(manifest);
      expect(exitCode, all).toBe(EXIT_CHANGED);
      expect(all).toMatch(/\[planned\]\/ensure: (current_value|removed) .*system_group.*\(noop\)/);
      expect(all).toMatch(/\[associations\]\/ensure: removed .*system_group/);
      expect(all).toMatch(/\[retired\]\/ensure: removed .*"system"/);
      expect(sandbox.writes()).toHaveLength(2);
      expect(emulator.store.systems.has(systemId)).toBe(false);
      expect(await apply(manifest)).toMatchObject({ exitCode: EXIT_UNCHANGED });
    });

    test('the Puppet types have all options of their modules, and only a repair of drift is a corrective change', async () => {
      const code = `
      Puppet.initialize_settings(%w[--confdir /nowhere --vardir /nowhere])
      types = ARGV.to_h { |name|
        type = Puppet::Type.type(name)
        [name, type.properties.map(&:name) + type.parameters - %i[name provider ensure]]
      }
      groups = Puppet::Type.type(:jumpcloud_host).new(name: 'x', groups: %w[a]).property(:groups)
      puts [types, groups.insync_values?(%w[a], []), groups.insync_values?(%w[b], [])].to_json`;
      const lib = sandbox.path('/ansible-examples/puppet/modules/jumpcloud/lib');
      const modules = ['jumpcloud_host', 'jumpcloud_removal'];
      const words = ['-I', lib, '-rpuppet', '-rjson', '-e', code, ...modules];
      const { stdout } = await execa('ruby', words);
      const [types, unchanged, changed]: [Record<string, string[]>, boolean, boolean] =
        JSON.parse(stdout);
      expect({ unchanged, changed }).toEqual({ unchanged: false, changed: true });
      const file = join(EXAMPLES, 'puppet/modules/jumpcloud/types/document.pp');
      const document = await readFile(file, 'utf8');
      const names = Array.from(document.matchAll(/Optional\['(\w+)'\]/g), ([, name]) => name);
      expect([...names, 'proxy'].sort()).toEqual(types['jumpcloud_host']?.sort());
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

test('all YAML files of the Puppet example are valid', async () => {
  for (const file of DATA_FILES.filter((name) => name.endsWith('.yaml'))) {
    expect(parse(await readFile(join(EXAMPLES, file), 'utf8'))).toBeTypeOf('object');
  }
  const files = await readdir(join(EXAMPLES, 'puppet'), { recursive: true, withFileTypes: true });
  const found = files.filter((file) => file.isFile());
  expect(found).toHaveLength(MANIFESTS.length + RUBY.length + DATA_FILES.length);
});

describe('the linters of Puppet and Ruby', () => {
  const paths = (files: string[]) => files.map((file) => join(EXAMPLES, file));

  test.runIf(hasPrograms('puppet parser validate', 'puppet'))(
    'puppet parser validate accepts the manifests',
    { timeout: 300_000 },
    async () => {
      await execa('puppet', ['parser', 'validate', ...paths(MANIFESTS)]);
    },
  );

  test.runIf(hasPrograms('puppet-lint over the manifests', 'puppet-lint'))(
    'puppet-lint finds nothing in the manifests',
    async () => {
      const { stdout } = await execa('puppet-lint', ['--fail-on-warnings', ...paths(MANIFESTS)]);
      expect(stdout).toBe('');
    },
  );

  test.runIf(hasPrograms('rubocop over the Puppet example', 'rubocop'))(
    'rubocop finds nothing in the types and providers',
    { timeout: 300_000 },
    async () => {
      const config = new URL('rubocop.yml', import.meta.url).pathname;
      const words = ['--config', config, '--cache', 'false', ...paths(RUBY)];
      const { stdout } = await execa('rubocop', words, { reject: false });
      expect(stdout).toContain(`${RUBY.length} files inspected, no offenses detected`);
    },
  );
});
