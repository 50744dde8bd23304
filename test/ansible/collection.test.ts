import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  type Controller,
  collectionPath,
  hasAnsible,
  makeController,
} from '../harness/ansible/controller.ts';
import { ansibleRoot } from '../harness/ansible/installation.ts';
import { MODULE_NAMES } from '../harness/executable.ts';

const FQCN = 'systemcontext.jumpcloud';

/** The checks of ansible-test that need no network; the others install Python packages. */
const SANITY_TESTS = [
  'action-plugin-docs',
  'ansible-doc',
  'empty-init',
  'ignores',
  'line-endings',
  'no-illegal-filenames',
  'shebang',
  'shellcheck',
  'symlinks',
];

/** Whether ansible-test is installed. Debian's package of Ansible has it; some others do not. */
const hasAnsibleTest = existsSync(`${ansibleRoot}/usr/bin/ansible-test`);

describe.runIf(hasAnsible)('the installed collection', () => {
  let controller: Controller;
  let installed: string;
  const read = (path: string) => readFile(join(ansibleRoot, installed, path), 'utf8');

  beforeAll(async () => {
    controller = await makeController();
    const collection = await controller.copy(await collectionPath());
    const words = ['collection', 'install', '--force', collection, '-p', controller.directory];
    await controller.run('ansible-galaxy', words);
    installed = join(controller.directory, 'ansible_collections', ...FQCN.split('.'));
  });
  afterAll(() => controller?.remove());

  test('ansible-galaxy lists the collection and verifies the checksum of every file', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const list = await controller.run('ansible-galaxy', ['collection', 'list']);
    expect(list).toMatch(new RegExp(`^${FQCN} +${version}`, 'm'));
    const verified = await controller.run('ansible-galaxy', [
      ...['collection', 'verify', '--offline', '-p', controller.directory, FQCN],
    ]);
    expect(verified).toContain('Successfully verified that checksums');
  });

  test('ansible-doc lists every module with its short description', async () => {
    const list = await controller.run('ansible-doc', ['-l', FQCN, '--json']);
    const lines: Record<string, string> = JSON.parse(list);
    expect(Object.keys(lines).sort()).toEqual(MODULE_NAMES.map((name) => `${FQCN}.${name}`).sort());
    for (const name of MODULE_NAMES) {
      const { DOCUMENTATION } = parse(await read(`plugins/modules/${name}.yml`));
      expect(lines[`${FQCN}.${name}`]).toBe(DOCUMENTATION.short_description);
    }
    const shown = await controller.run('ansible-doc', ['-l', FQCN]);
    for (const name of MODULE_NAMES) {
      expect(shown).toMatch(new RegExp(`^${FQCN}\\.${name} +\\w+`, 'm'));
    }
  });

  test("ansible-doc lists every role, and the documented defaults equal the role's defaults", async () => {
    const roles = ['agent', 'host', 'runtime'];
    const shown = await controller.run('ansible-doc', ['-t', 'role', '-l', FQCN, '--json']);
    expect(Object.keys(JSON.parse(shown)).sort()).toEqual(roles.map((role) => `${FQCN}.${role}`));
    for (const role of roles) {
      const specs = parse(await read(`roles/${role}/meta/argument_specs.yml`));
      const { options } = specs.argument_specs.main;
      const defaults: object = parse(await read(`roles/${role}/defaults/main.yml`));
      for (const [name, value] of Object.entries(defaults))
        expect(options[name]?.default).toBe(value);
      for (const [name, option] of Object.entries<Record<string, unknown>>(options)) {
        expect(Object.hasOwn(defaults, name), name).toBe(option['default'] !== undefined);
      }
    }
  });

  test.each(MODULE_NAMES)(
    'ansible-doc shows %s with every option, its examples and return values',
    async (module) => {
      const name = `${FQCN}.${module}`;
      const documentation = await controller.run('ansible-doc', ['-t', 'module', '--json', name]);
      const { doc, examples, return: returned } = JSON.parse(documentation)[name];
      const options = Object.keys(doc.options);
      expect(options.length).toBeGreaterThanOrEqual(8);
      expect(examples).toContain(`${name}:`);
      expect(Object.keys(returned)).toContain('warnings');
      expect(Object.keys(doc.attributes)).toEqual(
        expect.arrayContaining(['check_mode', 'diff_mode', 'idempotent', 'platform']),
      );
      expect(doc.version_added).toMatch(/^\d+\.\d+\.\d+$/);
      expect(doc.seealso.filter((one: object) => 'module' in one).length).toBeGreaterThan(0);
      const page = await controller.run('ansible-doc', ['-t', 'module', name]);
      for (const option of options) {
        expect(page).toMatch(new RegExp(`^[-=] ${option}(?:$| {2})`, 'm'));
      }
    },
  );

  // Python's unit tests need /proc and terminals. The Debian system in ANSIBLE_ROOT has neither.
  test.runIf(ansibleRoot === '')(
    'the action plugin passes its Python unit tests',
    async () => {
      const paths = `PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=${controller.directory}`;
      const output = await controller.shell(
        `cd ${installed} && ${paths} /usr/bin/python3 -m unittest discover -s tests/unit/plugins/action 2>&1`,
      );
      expect(output).toMatch(/^Ran \d+ tests in .*\n+OK/m);
    },
    120_000,
  );

  test.runIf(hasAnsibleTest)(
    'ansible-test passes the sanity tests that need no network',
    async () => {
      const words = SANITY_TESTS.flatMap((name) => ['--test', name]);
      const output = await controller.shell(
        `cd ${installed} && ansible-test sanity ${words.join(' ')} 2>&1`,
      );
      for (const name of SANITY_TESTS) expect(output).toContain(`Running sanity test "${name}"`);
      expect(output).not.toMatch(/^(?:ERROR|FATAL)/m);
    },
    120_000,
  );
});
